import fc from "fast-check";
import { expect, test } from "vitest";
import { jsonErrorAt } from "../../../config/json-error.ts";

test.each([
  ["", 1, 1],
  ["{", 1, 2],
  ['{\n  "a": 1,\n}', 3, 1],
  ['{\n  "a": 1\n  "b": 2\n}', 3, 3],
  ['{ "a": 1, // why\n "b": 2 }', 1, 11],
  ['{ "a": [1, 2 }', 1, 14],
  ["{ 'a': 1 }", 1, 3],
  ['{ "a": tru }', 1, 8],
  ['{ "a" 1 }', 1, 7],
  ["{} {}", 1, 4],
])("%j is invalid JSON from line %i, column %i", (text, line, column) => {
  expect(() => JSON.parse(text) as unknown).toThrow(SyntaxError);
  expect(jsonErrorAt(text)).toEqual({ line, column });
});

test("jsonErrorAt finds a position exactly when JSON.parse refuses the text", () => {
  const damagedJson = fc
    .tuple(fc.json(), fc.nat(), fc.constantFrom("", ",", "}", "]", '"', "1", "\\", " "))
    .map(([text, at, sign]) => {
      const place = at % (text.length + 1);
      return text.slice(0, place) + sign + text.slice(place + 1);
    });
  fc.assert(
    fc.property(fc.oneof(fc.json(), damagedJson), (text) => {
      expect(jsonErrorAt(text) === null).toBe(isJson(text));
    }),
    { numRuns: 2_000 },
  );
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
