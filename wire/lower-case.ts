/**
 * A name in lower case, as MySQL writes it when `lower_case_table_names` is 1 or 2, by the rules of
 * utf8mb3_general_ci. test/integration/reader/lower-case-names.test.ts compares every letter.
 */
export function lowerCaseName(name: string): string {
  let lower = "";
  for (const letter of name) lower += KEPT.test(letter) ? letter : lowerCaseLetter(letter);
  return lower;
}

/** Letters with a lower case in Unicode but not in MySQL 9.7. */
const KEPT =
  /[\u0220\u023a-\u037f\u03cf-\u03d8\u03f4-\u03ff\u048a\u04c0\u04c5\u04c9\u04cd\u04f6\u04fa-\u052e\u10a0-\u1cbf\u1e9e\u1efa-\u1efe\u2132\u2183\u2c00-\ua7f5]/;

function lowerCaseLetter(letter: string): string {
  // toLowerCase would keep the dot as a separate character.
  return letter === "İ" ? "i" : letter.toLowerCase();
}
