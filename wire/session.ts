import { withoutEpoch, type PositionText } from "./position.ts";
import type { SnapshotTarget } from "./snapshot.ts";

/**
 * How the author of a change was found, the most reliable way first. `operator`: an operator
 * answered for a parked thread. `server`: the change has no author, because the server made it by
 * itself. `snapshot`: the row was read from the table, and its last author is unknown.
 */
export type Attribution =
  | "tag"
  | "ledger"
  | "first-sight"
  | "sweep"
  | "operator"
  | "server"
  | "snapshot";

/** The author of a change: the client's user and host, as the MySQL server reports them. */
export interface Author {
  readonly user: string;
  /** "" when only a GTID's tag is known, which does not contain the host. */
  readonly host: string;
  readonly attribution: Attribution;
  /**
   * Only with the attribution `snapshot`: the subscriber and environment to which alone the rows
   * go.
   */
  readonly snapshot?: SnapshotTarget;
}

/** A connection's account, known from GTID tags and the ledger. */
export interface TaggedAccount {
  readonly user: string;
  /** The host in the ledger; "" when the ledger has no row of the connection. */
  readonly host: string;
}

/**
 * A connection in one run of a server. Thread ids start again when the server restarts, so a thread
 * id identifies a connection only within a run. `run` is computed from the second in which the
 * server started and the binlog file that it began then (`runBeginning` in
 * reader/transactions/server-run.ts).
 */
export interface Connection {
  /** `@@server_uuid` of the server that assigned the thread id. */
  readonly server: string;
  readonly run: number;
  readonly thread: number;
}

/**
 * The run of a thread id that the server which is read did not assign: another server executed the
 * transaction, or a client replayed it from a log. Such an id names no connection of an author, so
 * only an operator's answer is recorded for it. The server's own runs are not negative, and earlier
 * releases used negative numbers above -2^32.
 */
export function foreignRun(serverId: number): number {
  return -(2 ** 32) - serverId;
}

/** Whether a run is from `foreignRun`: its thread ids name no connection. */
export function isForeignRun(run: number): boolean {
  return run < 0;
}

/** A position as text by which the positions of one connection are compared. */
export type OrderKey = (position: PositionText) => string;

/**
 * How the positions of a connection are compared. Within a run of a server, the files and offsets
 * only grow, so the epoch is left out: a later life may read the run again. `foreignRun` is one
 * number for all lives, so there the epoch counts.
 */
export function orderKeyOf({ run }: Pick<Connection, "run">): OrderKey {
  return isForeignRun(run) ? (position) => position : withoutEpoch;
}

/** A connection's name: `<server>/<run>/<thread>`. */
export function connectionName(connection: Connection): string {
  return `${connection.server}/${connection.run}/${connection.thread}`;
}

/** Parses a name from `connectionName`. Throws RangeError. */
export function parseConnectionName(name: string): Connection {
  const match = /^(.+)\/(-?\d+)\/(\d+)$/s.exec(name);
  if (match === null) throw new RangeError(`not the name of a connection: ${JSON.stringify(name)}`);
  const [, server = "", run, thread] = match;
  return { server, run: Number(run), thread: Number(thread) };
}

/**
 * The author of a connection's changes from a position on. An entry applies until the next entry's
 * position.
 */
export interface SessionEntry extends Author {
  /** The first position to which the entry applies; "" for the beginning of the connection. */
  readonly from: string;
  /**
   * Set when the connection's transactions have GTIDs with this account's tag. A transaction
   * without a tag then has no known author: the session was reset before it, perhaps by another
   * user. So `user` and `host` of such an entry are "".
   */
  readonly tagged?: TaggedAccount;
}

/**
 * An entry for an unknown author: the connection's user changed at an unknown time before `from`.
 */
export function unknownFrom(from: string): SessionEntry {
  return { from, user: "", host: "", attribution: "sweep" };
}

/**
 * An entry from which on tagged transactions belong to this account and others have an unknown
 * author.
 */
export function taggedFrom(from: string, tagged: TaggedAccount): SessionEntry {
  return { from, user: "", host: "", attribution: "tag", tagged };
}

/**
 * The author of a transaction without a tag at `position`, by one connection's entries; undefined
 * when they do not contain the author. `orderKey`: from `orderKeyOf`.
 */
export function authorAt(
  entries: readonly SessionEntry[],
  position: PositionText,
  orderKey: OrderKey,
): Author | undefined {
  const entry = entryAt(entries, position, orderKey);
  if (entry === undefined || (entry.user === "" && entry.host === "")) return undefined;
  return { user: entry.user, host: entry.host, attribution: entry.attribution };
}

/**
 * The entry that applies at `position`. A later life may read the connection's run again: then an
 * entry of the former life may stand behind the position, although its epoch is lower. `orderKey`:
 * from `orderKeyOf`.
 */
export function entryAt(
  entries: readonly SessionEntry[],
  position: PositionText,
  orderKey: OrderKey,
): SessionEntry | undefined {
  const at = orderKey(position);
  return entries.findLast(({ from }) => orderKey(from) <= at);
}
