import { describe, expect, it } from "vitest";
import { InvalidMessageError, UnsupportedMessageVersionError } from "../../../client/errors.ts";
import { decodeMessage } from "../../../wire/message.ts";
import { message } from "../../support/client/messages.ts";

describe("reading a message", () => {
  it("returns the fields that were sent", () => {
    expect(decodeMessage(JSON.stringify(message([4, 9])))).toEqual(message([4, 9]));
  });

  it("keeps unknown fields, which a version may add", () => {
    const text = JSON.stringify({ ...message([4]), shard: 7 });
    expect(decodeMessage(text)).toHaveProperty("shard", 7);
  });

  it("refuses a later version, and names both versions", () => {
    const later = JSON.stringify({ version: 2, body: [] });
    expect(() => decodeMessage(later)).toThrow(UnsupportedMessageVersionError);
    expect(() => decodeMessage(later)).toThrow(/version 2.*reads versions 1 and 3/);
  });

  it.each([
    ["no JSON", "{"],
    ["no object", '"text"'],
    ["no version", "{}"],
    ["a version that is not a number", JSON.stringify({ ...message([4]), version: "9" })],
    ["no changes", JSON.stringify({ ...message([4]), changes: undefined })],
    ["an invalid position", JSON.stringify({ ...message([4]), last: "12" })],
    [
      "a change without a source",
      JSON.stringify({ ...message([4]), changes: [{ id: "x", op: "c" }] }),
    ],
  ])("refuses %s", (_what, text) => {
    expect(() => decodeMessage(text)).toThrow(InvalidMessageError);
  });

  it("does not quote the text in its error", () => {
    expect(() => decodeMessage('{"card":"4111 1111')).toThrow(/^not JSON$/);
  });
});
