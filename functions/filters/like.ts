/**
 * A matcher for MySQL's LIKE: `%` stands for any characters, `_` for one, each for itself behind
 * `escape` ("" for none). Upper case and lower case differ. The time it takes grows with the
 * product of both lengths at most.
 */
export function likeMatcher(pattern: string, escape: string): (text: string) => boolean {
  const parts = partsOf(Array.from(pattern), escape);
  return (text) => matches(parts, Array.from(text));
}

/** A character for itself, or what stands for some. */
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
   * Where to go on when the rest does not fit: behind the last `%`, with one more character taken
   * by it.
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
