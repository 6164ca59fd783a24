import { versionProblem } from "../../../reader/source/server-version.ts";

/** A server program's version, from the output of `mysqld --version`. */
export interface ServerVersion {
  /** For example `9.7.4`. */
  readonly version: string;
  /** The reason why this project cannot use it; null when it can. */
  readonly unusable: string | null;
}

/**
 * Parses the output of `mysqld --version`; null when it is not that of a MySQL server. The reader's
 * check `versionProblem` decides whether the version is usable.
 */
export function parseServerVersion(text: string): ServerVersion | null {
  const match = /\bVer (\d+\.\d+\.\d+)(\S*)/.exec(text);
  if (match === null) return null;
  const [, version = "", suffix = ""] = match;
  const problem = versionProblem(version + suffix);
  return { version, unusable: problem === null ? null : `unusable: ${problem.what}` };
}
