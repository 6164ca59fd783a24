import { describe, expect, it } from "vitest";
import { inSequence } from "../../../client/in-sequence.ts";

const received = (SequenceNumber: string) => ({ Attributes: { SequenceNumber } });

describe("the messages of a receive", () => {
  it("are sorted by their sequence numbers, whatever their order in the response", () => {
    const numbers = ["18890000000000000002", "9", "18890000000000000000", "118890000000000000001"];
    const sorted = inSequence(numbers.map(received)).map((each) => each.Attributes?.SequenceNumber);
    expect(sorted).toEqual([
      "9",
      "18890000000000000000",
      "18890000000000000002",
      "118890000000000000001",
    ]);
  });

  it("keep their order when the queue does not number them", () => {
    const messages = [{ MessageId: "b" }, { MessageId: "a" }];
    expect(inSequence(messages)).toEqual(messages);
  });
});
