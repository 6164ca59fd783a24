import * as fc from "fast-check";
import { expect, test } from "vitest";
import { jsonStringRoom, writeJsonString } from "../../../wire/json-string.ts";

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

function written(text: string): string | null {
  const bytes = Buffer.from(text);
  const target = Buffer.alloc(1 + jsonStringRoom(bytes.length));
  const end = writeJsonString(bytes, target, 1);
  return end === null ? null : target.toString("utf8", 1, end);
}

test("a text is written as JSON.stringify writes it, unless it has a control character", () => {
  fc.assert(
    fc.property(fc.oneof(dense, rows, fc.string({ unit: "binary" })), (any) => {
      const text = any.toWellFormed();
      const hasControl = Array.from(text).some((character) => character < " ");
      expect(written(text)).toBe(hasControl ? null : JSON.stringify(text));
    }),
    { numRuns: 2000 },
  );
});

test("every pair of bytes is written as JSON.stringify writes it", () => {
  const characters = Array.from({ length: 0x160 }, (_, index) => String.fromCharCode(0x20 + index));
  for (const one of characters) {
    const text = characters.map((other) => `${one}${other}x`).join("");
    expect(written(text)).toBe(JSON.stringify(text));
  }
});

test("a text that is longer than what is escaped at once keeps all its bytes", () => {
  const piece = 64 * 1024;
  for (const length of [piece - 1, piece, piece + 1, 2 * piece - 1, 2 * piece, 2 * piece + 17]) {
    for (const special of ['"', "\\", "é"]) {
      for (const at of [0, piece - 2, piece - 1, piece, length - 2]) {
        if (at > length) continue;
        const text = `${"x".repeat(at)}${special}`.padEnd(length, "y");
        expect(written(text) === JSON.stringify(text)).toBe(true);
      }
    }
    const quotes = '"'.repeat(length);
    expect(written(quotes) === JSON.stringify(quotes)).toBe(true);
    expect(written(`${"x".repeat(length)}\n`)).toBe(null);
  }
});
