/**
 * A matcher of names: `*` stands for any number of characters, `?` for one; everything else for
 * itself, case included.
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

/** Whether a text has a wildcard, so that it may match more than the one name that it is. */
export function isGlob(text: string): boolean {
  return /[*?]/.test(text);
}
