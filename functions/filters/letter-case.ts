/**
 * Converts a text to lower or upper case like MySQL's LOWER and UPPER with the collation
 * utf8mb4_0900_bin: by Unicode 9, one character for each character, independent of its neighbours.
 * test/integration/functions/filters/comparisons.test.ts compares every letter.
 */
export function inCase(text: string, letters: "lower" | "upper"): string {
  let changed = "";
  for (const letter of text) changed += letterInCase(letter, letters);
  return changed;
}

function letterInCase(letter: string, letters: "lower" | "upper"): string {
  if (letter < "\u0080") return letters === "lower" ? letter.toLowerCase() : letter.toUpperCase();
  if (YOUNGER.test(letter)) return letter;
  if (letters === "lower") return letter === "İ" ? "i" : letter.toLowerCase();
  const upper = letter.toUpperCase();
  if (String.fromCodePoint(upper.codePointAt(0) ?? 0) === upper) return upper;
  // Unicode's upper case of ß is SS and that of ᾳ is ΑΙ. MySQL keeps ß, and has one capital letter
  // for ᾳ.
  return WITH_IOTA.test(letter) ? capitalWithIota(letter) : letter;
}

/** Letters whose counterpart in the other case was added in Unicode 10 or later. */
const YOUNGER =
  /[\u019b\u0264\u0282\u10d0-\u10ff\u1c89-\u1cbf\u1d8e\u2c2f\u2c5f\ua794\ua7b8-\ua7dd\ua7f5\ua7f6\u{10570}-\u{105bf}\u{10d50}-\u{10d8f}\u{16e40}-\u{16e7f}\u{16ea0}-\u{16edf}]/u;

/** Small Greek letters with an iota subscript whose capital is one character. */
const WITH_IOTA = /[\u1f80-\u1f87\u1f90-\u1f97\u1fa0-\u1fa7\u1fb3\u1fc3\u1ff3]/u;

function capitalWithIota(letter: string): string {
  const code = letter.charCodeAt(0);
  return String.fromCharCode(code + (code < 0x1fb0 ? 8 : 9));
}
