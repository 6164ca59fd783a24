import type { Connection, RowDataPacket } from "mysql2/promise";

/** A connection in the server's process list. */
export interface ListedConnection {
  readonly thread: number;
  readonly user: string;
  /** Without the client's port. */
  readonly host: string;
}

export interface Listing {
  readonly connections: readonly ListedConnection[];
  /** The server's clock when it answered, microseconds since 1970. */
  readonly atUs: number;
}

// performance_schema, because information_schema.processlist takes a mutex that every new connection needs.
const LIST =
  "SELECT id, user, host, CAST(UNIX_TIMESTAMP(SYSDATE(6)) * 1000000 AS UNSIGNED) AS atUs FROM performance_schema.processlist";

/** Threads that have no account (yet): a connection before its authentication, and the server's own. */
const NO_ACCOUNT: ReadonlySet<string> = new Set([
  "unauthenticated user",
  "system user",
  "event_scheduler",
]);

/** Asks for some connections, or for all. */
export async function listConnections(
  connection: Connection,
  threads?: readonly number[],
): Promise<Listing> {
  const [rows] =
    threads === undefined
      ? await connection.query<RowDataPacket[]>(LIST)
      : await connection.query<RowDataPacket[]>(`${LIST} WHERE id IN (?)`, [threads]);
  return {
    connections: rows
      .map((row) => ({
        thread: Number(row["id"]),
        user: String(row["user"]),
        host: withoutPort(String(row["host"] ?? "")),
      }))
      .filter(({ user }) => !NO_ACCOUNT.has(user)),
    // Earliest of the answer's moments: what was seen later was true then as well for an id that is never used twice.
    atUs: rows.reduce(
      (earliest, row) => Math.min(earliest, Number(row["atUs"])),
      Number.POSITIVE_INFINITY,
    ),
  };
}

function withoutPort(host: string): string {
  return host.replace(/:\d+$/, "");
}
