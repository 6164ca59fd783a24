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
}

/** Connections at one moment. */
export interface Listing {
  readonly connections: readonly ListedConnection[];
  /** The end of the binlog just before the list was made. */
  readonly begin: BinlogPosition;
  /** The end of the binlog just after the list was made. */
  readonly end: BinlogPosition;
}

/** All connections at one moment. Those that are not in the list wrote nothing from `end` on. */
export interface Census extends Listing {
  /**
   * The ids of all connections, including those without an account yet. null when the list may be
   * incomplete.
   */
  readonly alive: ReadonlySet<number> | null;
}

// Of MySQL's three lists, only `threads` shows every connection to an account without PROCESS and
// takes no mutex that new connections need.
const LIST = `SELECT processlist_id AS id, processlist_user AS user, processlist_host AS host
  FROM performance_schema.threads WHERE processlist_id IS NOT NULL`;

const LOST = `SELECT variable_value AS lost FROM performance_schema.global_status
  WHERE variable_name = 'Performance_schema_thread_instances_lost'`;

/** The users of the server's own threads. */
const NO_ACCOUNT: ReadonlySet<string> = new Set(["system user", "event_scheduler"]);

/** Queries the process list for some connections. */
export async function listConnections(
  connection: Connection,
  version: string,
  threads: readonly number[],
): Promise<Listing> {
  const begin = await endOf(connection, version);
  const [rows] = await connection.query<RowDataPacket[]>(`${LIST} AND processlist_id IN (?)`, [
    threads,
  ]);
  return { connections: listed(rows), begin, end: await endOf(connection, version) };
}

/**
 * Queries the process list for all connections. null when the list lacks the querying connection,
 * because performance_schema is off. A thread for which performance_schema had no room is missing
 * from the list for its whole life. So after one such thread since the server's start, a
 * connection's absence from the list proves nothing.
 */
export async function takeCensus(connection: Connection, version: string): Promise<Census | null> {
  const begin = await endOf(connection, version);
  const [rows] = await connection.query<RowDataPacket[]>(LIST);
  const ids = new Set(rows.map((row) => Number(row["id"])));
  if (!ids.has(connection.threadId)) return null;
  // Queried after the list, so that every thread that it lacks for this reason is counted.
  const [[status]] = await connection.query<RowDataPacket[]>(LOST);
  const alive = Number(status?.["lost"] ?? 1) === 0 ? ids : null;
  return { connections: listed(rows), alive, begin, end: await endOf(connection, version) };
}

async function endOf(connection: Connection, version: string): Promise<BinlogPosition> {
  const { file, offset } = await binlogEnd(connection, version);
  return { fileNumber: binlogFileNumber(file), offset };
}

function listed(rows: readonly RowDataPacket[]): ListedConnection[] {
  return rows
    .filter((row) => row["user"] !== null)
    .map((row) => ({
      thread: Number(row["id"]),
      user: String(row["user"]),
      host: String(row["host"] ?? ""),
    }))
    .filter(({ user }) => !NO_ACCOUNT.has(user));
}
