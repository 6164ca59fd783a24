import * as fc from "fast-check";
import { expect, test } from "vitest";
import { jsonStringBytes } from "../../../wire/json-string.ts";

/** Texts of a few characters, so that all pairs of neighbours occur at all places of a word. */
const dense = fc.string({
  unit: fc.constantFrom(
    '"',
    "\\",
    "a",
    "!",
    "#",
    "\u007f",
    "é",
    "€",
    "😀",
    "\n",
    "\u0000",
    "\ud800",
  ),
  maxLength: 40,
});
const rows = fc.array(fc.object({ maxDepth: 1 })).map((value) => JSON.stringify(value));

test("a text of any characters is written as JSON.stringify writes it", () => {
  fc.assert(
    fc.property(fc.oneof(dense, rows, fc.string({ unit: "binary" })), (text) => {
      expect(Buffer.from(jsonStringBytes(text)).toString()).toBe(JSON.stringify(text));
    }),
    { numRuns: 2000 },
  );
});

test("every pair of bytes is written as JSON.stringify writes it", () => {
  // Control characters are left out: jsonStringBytes leaves them to JSON.stringify.
  const characters = Array.from({ length: 0x160 }, (_, index) => String.fromCharCode(0x20 + index));
  for (const one of characters) {
    const text = characters.map((other) => `${one}${other}x`).join("");
    expect(Buffer.from(jsonStringBytes(text)).toString()).toBe(JSON.stringify(text));
  }
});
