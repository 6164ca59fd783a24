/**
 * Creates a matcher for MySQL's LIKE. `%` stands for any characters and `_` for one; after `escape`
 * ("" for none) a character stands for itself. The matcher distinguishes upper and lower case. Its
 * time is at most proportional to the product of both lengths.
 */
export function likeMatcher(pattern: string, escape: string): (text: string) => boolean {
  const parts = partsOf(Array.from(pattern), escape);
  return (text) => matches(parts, Array.from(text));
}

/** One element of a pattern: a literal character or a wildcard. */
type Part = { readonly kind: "any" | "one" } | { readonly kind: "letter"; readonly letter: string };

function partsOf(pattern: readonly string[], escape: string): Part[] {
  const parts: Part[] = [];
  for (let at = 0; at < pattern.length; at++) {
    const letter = pattern[at] ?? "";
    const following = pattern[at + 1];
    if (letter === escape) {
      parts.push({ kind: "letter", letter: following ?? letter });
      at++;
    } else if (letter === "%") parts.push({ kind: "any" });
    else if (letter === "_") parts.push({ kind: "one" });
    else parts.push({ kind: "letter", letter });
  }
  return parts;
}

function matches(parts: readonly Part[], text: readonly string[]): boolean {
  let [part, at] = [0, 0];
  /**
   * Where matching continues when the rest does not match: after the last `%`, which then covers
   * one more character.
   */
  let [anyPart, anyAt] = [-1, 0];
  while (at < text.length) {
    const here = parts[part];
    if (here?.kind === "any") [anyPart, anyAt] = [part++, at];
    else if (here?.kind === "one" || (here?.kind === "letter" && here.letter === text[at])) {
      part++;
      at++;
    } else if (anyPart >= 0) [part, at] = [anyPart + 1, ++anyAt];
    else return false;
  }
  while (parts[part]?.kind === "any") part++;
  return part === parts.length;
}
