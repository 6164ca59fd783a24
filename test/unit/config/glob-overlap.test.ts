import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { globsOverlap } from "../../../config/glob-overlap.ts";
import { globMatcher } from "../../../wire/glob.ts";

const NAMES = allTexts("ab", 5);
const globs = fc.string({ unit: fc.constantFrom("a", "b", "*", "?"), maxLength: 4 });

/** Every text of these letters, from the empty one to those of `longest` letters. */
function allTexts(letters: string, longest: number): string[] {
  let texts = [""];
  const all = [""];
  for (let length = 1; length <= longest; length++) {
    texts = texts.flatMap((text) => Array.from(letters, (letter) => text + letter));
    all.push(...texts);
  }
  return all;
}

describe("two globs", () => {
  it("overlap exactly when some name matches both", () => {
    fc.assert(
      fc.property(globs, globs, (left, right) => {
        const matchesLeft = globMatcher(left);
        const matchesRight = globMatcher(right);
        const common = NAMES.some((name) => matchesLeft(name) && matchesRight(name));
        // Names of up to five letters show every overlap of globs without "*", and most of the
        // others.
        if (common) expect(globsOverlap(left, right)).toBe(true);
        if (!/\*/.test(left + right)) expect(globsOverlap(left, right)).toBe(common);
      }),
    );
  });

  it("overlap in either order", () => {
    fc.assert(
      fc.property(globs, globs, (left, right) => {
        expect(globsOverlap(left, right)).toBe(globsOverlap(right, left));
      }),
    );
  });

  it("do not overlap when their fixed ends differ", () => {
    expect(globsOverlap("app_*", "dev_*")).toBe(false);
    expect(globsOverlap("*_ro", "*_rw")).toBe(false);
    expect(globsOverlap("a*b", "b*a")).toBe(false);
  });
});
