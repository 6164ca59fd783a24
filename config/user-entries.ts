import { isGlob } from "../wire/glob.ts";

/**
 * An entry of an environment's `users`: `user` or `user@host`, each a name or a pattern with `*`
 * and `?`.
 */
export interface UserEntry {
  readonly user: string;
  /** `*` when the entry names no host. Host names are compared without regard to case. */
  readonly host: string;
}

export function parseUserEntry(entry: string): UserEntry {
  const at = entry.lastIndexOf("@");
  return at < 0
    ? { user: entry, host: "*" }
    : { user: entry.slice(0, at), host: entry.slice(at + 1) };
}

/**
 * The rank of a name or pattern: exact names rank above all patterns, longer patterns above shorter
 * ones.
 */
export function patternRank(pattern: string): number {
  return isGlob(pattern) ? pattern.length : Number.MAX_SAFE_INTEGER;
}
