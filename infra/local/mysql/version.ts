import { versionProblem } from "../../../reader/source/server-version.ts";

/** What `mysqld --version` says about a server program. */
export interface ServerVersion {
  /** Like `9.7.4`. */
  readonly version: string;
  /** Why this project cannot use it; null when it can. */
  readonly unusable: string | null;
}

/**
 * Reads the text that `mysqld --version` prints; null when it is of no MySQL-like server. The
 * reader's own check judges it.
 */
export function parseServerVersion(text: string): ServerVersion | null {
  const match = /\bVer (\d+\.\d+\.\d+)(\S*)/.exec(text);
  if (match === null) return null;
  const [, version = "", suffix = ""] = match;
  const problem = versionProblem(version + suffix);
  return { version, unusable: problem === null ? null : `unusable: ${problem.what}` };
}
