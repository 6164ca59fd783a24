import { describe, expect, it } from "vitest";
import { InvalidMessageError, UnsupportedMessageVersionError } from "../../../client/errors.ts";
import { decodeMessage } from "../../../wire/message.ts";
import { message } from "../../support/client/messages.ts";

describe("reading a message", () => {
  it("gives back what was sent", () => {
    expect(decodeMessage(JSON.stringify(message([4, 9])))).toEqual(message([4, 9]));
  });

  it("keeps fields that it does not know: a version may add some", () => {
    const text = JSON.stringify({ ...message([4]), shard: 7 });
    expect(decodeMessage(text)).toHaveProperty("shard", 7);
  });

  it("refuses a later version, naming both", () => {
    const later = JSON.stringify({ version: 2, body: [] });
    expect(() => decodeMessage(later)).toThrow(UnsupportedMessageVersionError);
    expect(() => decodeMessage(later)).toThrow(/version 2.*reads version 1/);
  });

  it.each([
    ["no JSON", "{"],
    ["no object", '"text"'],
    ["no version", "{}"],
    ["a version that is no number", JSON.stringify({ ...message([4]), version: "9" })],
    ["no changes", JSON.stringify({ ...message([4]), changes: undefined })],
    ["a position that is none", JSON.stringify({ ...message([4]), last: "12" })],
    [
      "a change without a source",
      JSON.stringify({ ...message([4]), changes: [{ id: "x", op: "c" }] }),
    ],
  ])("refuses %s", (_what, text) => {
    expect(() => decodeMessage(text)).toThrow(InvalidMessageError);
  });

  it("says nothing of the text in its error", () => {
    expect(() => decodeMessage('{"card":"4111 1111')).toThrow(/^not JSON$/);
  });
});
