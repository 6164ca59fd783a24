import type { SnapshotTarget } from "./snapshot.ts";

/**
 * How the author of a change was learnt, best first; `operator` is a person's answer for a parked
 * thread. `server`: nobody wrote it, the server did by itself. `snapshot`: the row was read from
 * the table, and who wrote it last is not known.
 */
export type Attribution =
  | "tag"
  | "ledger"
  | "first-sight"
  | "sweep"
  | "operator"
  | "server"
  | "snapshot";

/**
 * Whose connection it is: MySQL's account names as the server reports them (`user` and `host` of
 * the client).
 */
export interface Author {
  readonly user: string;
  /** "" where only a GTID's tag is known, which does not say it. */
  readonly host: string;
  readonly attribution: Attribution;
  /**
   * Only with `snapshot`: for whom the rows were read. They go there and nowhere else, whoever
   * wrote them.
   */
  readonly snapshot?: SnapshotTarget;
}

/** A connection's account as GTID tags and the ledger have it. */
export interface TaggedAccount {
  readonly user: string;
  /** As the ledger has it; "" where it has no row of the connection. */
  readonly host: string;
}

/**
 * One connection of one run of a server. Thread ids start again when the server restarts, so a
 * thread id means something only together with the run it belongs to: `run` is the number of the
 * binlog file in which that run began (the file whose format description event says that it was
 * created at server start), or of the first file read when that is older.
 */
export interface Connection {
  /** `@@server_uuid` of the server whose thread id it is. */
  readonly server: string;
  readonly run: number;
  readonly thread: number;
}

/**
 * The run of a thread id that is not one of the server that is read: another server executed the
 * transaction, or a client replayed it from a log. Such an id is the applier's, or stands in the
 * log for another reason, so that nothing but a person's answer is ever recorded of it. Own runs
 * are not negative, and other releases used numbers above -2^32.
 */
export function foreignRun(serverId: number): number {
  return -(2 ** 32) - serverId;
}

/** Whether a run is one of `foreignRun`: its thread ids name no connection. */
export function isForeignRun(run: number): boolean {
  return run < 0;
}

/** A text that names a connection. */
export function connectionName(connection: Connection): string {
  return `${connection.server}/${connection.run}/${connection.thread}`;
}

/** The connection that a text of `connectionName` names. Throws RangeError. */
export function parseConnectionName(name: string): Connection {
  const match = /^(.+)\/(-?\d+)\/(\d+)$/s.exec(name);
  if (match === null) throw new RangeError(`not the name of a connection: ${JSON.stringify(name)}`);
  const [, server = "", run, thread] = match;
  return { server, run: Number(run), thread: Number(thread) };
}

/**
 * An author from a position on; the last entry that is not later than a change wrote that change.
 */
export interface SessionEntry extends Author {
  /** A position's text, or "" for the beginning of the connection. */
  readonly from: string;
  /**
   * From here on the connection's transactions have GTIDs with this account's tag. One without a
   * tag has no known author, since the session was reset before it, and may be another user's: so
   * the entry's own user and host are "".
   */
  readonly tagged?: TaggedAccount;
}

/**
 * From `from` on, nobody knows whose connection it is: its user changed some time before it was
 * seen again.
 */
export function unknownFrom(from: string): SessionEntry {
  return { from, user: "", host: "", attribution: "sweep" };
}

/**
 * From `from` on, transactions with a tag are this account's, and nobody knows whose those without
 * one are.
 */
export function taggedFrom(from: string, tagged: TaggedAccount): SessionEntry {
  return { from, user: "", host: "", attribution: "tag", tagged };
}

/**
 * Who wrote a transaction without a tag at `position`, by the entries of one connection; undefined
 * where they do not say.
 */
export function authorAt(entries: readonly SessionEntry[], position: string): Author | undefined {
  const entry = entryAt(entries, position);
  if (entry === undefined || (entry.user === "" && entry.host === "")) return undefined;
  return { user: entry.user, host: entry.host, attribution: entry.attribution };
}

/** The entry that holds at `position`. */
export function entryAt(
  entries: readonly SessionEntry[],
  position: string,
): SessionEntry | undefined {
  return entries.findLast(({ from }) => from <= position);
}
