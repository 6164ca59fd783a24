import type { GtidEvent } from "../binlog-format/events/gtid-event.ts";

/** What a transaction's first events say about where it was executed. */
export interface Execution {
  /** The `server_id` in the event that names the thread. */
  readonly serverId: number;
  /** Null where no GTID event stands before it. */
  readonly gtid: Pick<GtidEvent, "immediateCommitTimestamp" | "originalCommitTimestamp"> | null;
}

/**
 * Whether a transaction's thread id is that of the connection which wrote it, on the server that is
 * read.
 *
 * - Another server's id: a replica's applier logs its own thread id, or that of its last DDL
 *   (measured on 9.7).
 * - Another time of the first commit than of this one: an applier, or a client that replays a log
 *   (`mysqlbinlog | mysql`),
 *   which sets `pseudo_thread_id` to the ids of that log. MySQL gives a transaction of its own the same time for both.
 *
 * A session that sets `pseudo_thread_id` and nothing else leaves no trace in the log.
 */
export function isOwnThread({ serverId, gtid }: Execution, ownServerId: number): boolean {
  if (serverId !== ownServerId) return false;
  return gtid === null || gtid.originalCommitTimestamp === gtid.immediateCommitTimestamp;
}
