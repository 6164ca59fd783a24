/**
 * Matches names against a pattern: `*` stands for any number of characters, `?` for exactly one.
 * The case of letters matters.
 */
export function globMatcher(pattern: string): (name: string) => boolean {
  if (!isGlob(pattern)) return (name) => name === pattern;
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replace(/\*/g, ".*")
    .replace(/\?/g, ".");
  const expression = new RegExp(`^${source}$`, "su");
  return (name) => expression.test(name);
}

/** Whether a pattern contains a wildcard. */
export function isGlob(text: string): boolean {
  return /[*?]/.test(text);
}
