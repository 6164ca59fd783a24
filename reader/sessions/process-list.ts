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
  /**
   * Their ids, and those of connections that have no account yet. Null where the list may lack
   * some.
   */
  readonly alive: ReadonlySet<number> | null;
  /**
   * Whoever is not in the list wrote nothing from this position on: the end of the binlog just
   * after the list was made.
   */
  readonly end: BinlogPosition;
}

// NOW is when the statement began, SYSDATE when a row was made. Of the three lists that MySQL has,
// `threads` is the one that shows every connection to an account without PROCESS, and takes no
// mutex that every new connection needs.
const LIST = `SELECT processlist_id AS id, processlist_user AS user, processlist_host AS host,
    CAST(UNIX_TIMESTAMP(NOW(6)) * 1000000 AS UNSIGNED) AS earliestUs,
    CAST(UNIX_TIMESTAMP(SYSDATE(6)) * 1000000 AS UNSIGNED) AS latestUs
  FROM performance_schema.threads WHERE processlist_id IS NOT NULL`;

const LOST = `SELECT variable_value AS lost FROM performance_schema.global_status
  WHERE variable_name = 'Performance_schema_thread_instances_lost'`;

/** The server's own threads. A connection before its authentication has no user. */
const NO_ACCOUNT: ReadonlySet<string> = new Set(["system user", "event_scheduler"]);

/** Asks for some connections. */
export async function listConnections(
  connection: Connection,
  threads: readonly number[],
): Promise<Listing> {
  const [rows] = await connection.query<RowDataPacket[]>(`${LIST} AND processlist_id IN (?)`, [
    threads,
  ]);
  return listingOf(rows);
}

/**
 * Asks for all connections. Null when the list lacks the one that asks: then performance_schema is
 * off. A thread that found no room in performance_schema stays out of the list as long as it lives,
 * so one such thread since the server started is enough for the list to prove no connection's
 * absence.
 */
export async function takeCensus(connection: Connection, version: string): Promise<Census | null> {
  const [rows] = await connection.query<RowDataPacket[]>(LIST);
  const listed = new Set(rows.map((row) => Number(row["id"])));
  if (!listed.has(connection.threadId)) return null;
  // Asked after the list: whoever it lacks for this reason is counted.
  const [[status]] = await connection.query<RowDataPacket[]>(LOST);
  const alive = Number(status?.["lost"] ?? 1) === 0 ? listed : null;
  const { file, offset } = await binlogEnd(connection, version);
  return { ...listingOf(rows), alive, end: { fileNumber: binlogFileNumber(file), offset } };
}

function listingOf(rows: readonly RowDataPacket[]): Listing {
  return {
    connections: rows
      .filter((row) => row["user"] !== null)
      .map((row) => ({
        thread: Number(row["id"]),
        user: String(row["user"]),
        host: String(row["host"] ?? ""),
        latestUs: Number(row["latestUs"]),
      }))
      .filter(({ user }) => !NO_ACCOUNT.has(user)),
    earliestUs: Number(rows[0]?.["earliestUs"] ?? 0),
  };
}
