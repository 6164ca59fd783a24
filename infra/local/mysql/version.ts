/** What `mysqld --version` says about a server program. */
export interface ServerVersion {
  /** Like `9.7.4`. */
  readonly version: string;
  /** Why this project cannot use it; null when it can. */
  readonly unusable: string | null;
}

/**
 * Reads the text that `mysqld --version` prints; null when it is of no MySQL-like server. MariaDB is refused: its
 * transactions begin with a GTID event that carries no thread id, so nobody could say who wrote them.
 */
export function parseServerVersion(text: string): ServerVersion | null {
  const match = /\bVer (\d+)\.(\d+)\.(\d+)(\S*)/.exec(text);
  if (match === null) return null;
  const [, major, minor, patch, suffix] = match;
  const version = `${major}.${minor}.${patch}`;
  if (/mariadb/i.test(text)) return { version, unusable: `MariaDB ${version}${suffix}` };
  if (Number(major) < 8) return { version, unusable: `MySQL ${version} is older than 8.0` };
  return { version, unusable: null };
}
