import type { Connection, RowDataPacket } from "mysql2/promise";
import { binlogFileNumber } from "../../wire/binlog-file.ts";
import { binlogEnd } from "../source/server-state.ts";
import type { BinlogPosition } from "../transactions/binlog-position.ts";

/** A connection in the server's process list. */
interface ListedConnection {
  readonly thread: number;
  readonly user: string;
  /** Without the client's port. */
  readonly host: string;
  /** The server's clock just after it looked at this one, microseconds since 1970. */
  readonly latestUs: number;
}

export interface Listing {
  readonly connections: readonly ListedConnection[];
  /** The server's clock before it looked at any of them. */
  readonly earliestUs: number;
}

/** All connections, at one moment. */
export interface Census extends Listing {
  /** Their ids, and those of connections that have no account yet. */
  readonly alive: ReadonlySet<number>;
  /** Whoever is not in the list wrote nothing from this position on: the end of the binlog just after the list was made. */
  readonly end: BinlogPosition;
}

// NOW is when the statement began, SYSDATE when a row was made. performance_schema, because
// information_schema.processlist takes a mutex that every new connection needs.
const LIST = `SELECT id, user, host,
    CAST(UNIX_TIMESTAMP(NOW(6)) * 1000000 AS UNSIGNED) AS earliestUs,
    CAST(UNIX_TIMESTAMP(SYSDATE(6)) * 1000000 AS UNSIGNED) AS latestUs
  FROM performance_schema.processlist`;

/** Threads that have no account (yet): a connection before its authentication, and the server's own. */
const NO_ACCOUNT: ReadonlySet<string> = new Set([
  "unauthenticated user",
  "system user",
  "event_scheduler",
]);

/** Asks for some connections. */
export async function listConnections(
  connection: Connection,
  threads: readonly number[],
): Promise<Listing> {
  const [rows] = await connection.query<RowDataPacket[]>(`${LIST} WHERE id IN (?)`, [threads]);
  return listingOf(rows);
}

/** Asks for all connections. Null when the list lacks the one that asks: then performance_schema is off, or too small. */
export async function takeCensus(connection: Connection, version: string): Promise<Census | null> {
  const [rows] = await connection.query<RowDataPacket[]>(LIST);
  const alive = new Set(rows.map((row) => Number(row["id"])));
  if (!alive.has(connection.threadId)) return null;
  const { file, offset } = await binlogEnd(connection, version);
  return { ...listingOf(rows), alive, end: { fileNumber: binlogFileNumber(file), offset } };
}

function listingOf(rows: readonly RowDataPacket[]): Listing {
  return {
    connections: rows
      .map((row) => ({
        thread: Number(row["id"]),
        user: String(row["user"]),
        host: withoutPort(String(row["host"] ?? "")),
        latestUs: Number(row["latestUs"]),
      }))
      .filter(({ user }) => !NO_ACCOUNT.has(user)),
    earliestUs: Number(rows[0]?.["earliestUs"] ?? 0),
  };
}

function withoutPort(host: string): string {
  return host.replace(/:\d+$/, "");
}
