import type { GtidEvent } from "../binlog-format/events/gtid-event.ts";

/** The parts of a transaction's first events that show where it was executed. */
export interface Execution {
  /** The `server_id` of the event with the thread id. */
  readonly serverId: number;
  /** The preceding GTID event; null when there is none. */
  readonly gtid: Pick<
    GtidEvent,
    "prefix" | "immediateCommitTimestamp" | "originalCommitTimestamp"
  > | null;
}

/** The identity of the server that is read. */
export interface OwnServer {
  readonly serverId: number;
  /** `@@server_uuid` */
  readonly serverUuid: string;
}

/**
 * Whether a transaction's thread id is the id of the connection that wrote it, on the server that
 * is read. It is not in two cases:
 *
 * - The event has another server's id: a replica's applier logs its own thread id, or that of its
 *   last DDL (measured on 9.7).
 * - The times of the first commit and of this commit differ; they are equal for a transaction that
 *   originates on this server. An applier wrote it, or a client that replays the output of
 *   mysqlbinlog and sets `pseudo_thread_id` to the ids of that log. In a replication group they
 *   differ for the server's own transactions, too, so nothing is certain there.
 *
 * Where an administrator changes `server_id`, the sessions that are open keep the former one, so
 * another id is also the server's own if the GTID has its UUID and the times are equal.
 *
 * A session that only sets `pseudo_thread_id` cannot be recognised in the log.
 */
export function isOwnThread({ serverId, gtid }: Execution, own: OwnServer): boolean {
  if (gtid === null) return serverId === own.serverId;
  const { prefix, immediateCommitTimestamp, originalCommitTimestamp } = gtid;
  if (originalCommitTimestamp !== immediateCommitTimestamp) return false;
  if (serverId === own.serverId) return true;
  return immediateCommitTimestamp > 0 && prefix?.startsWith(`${own.serverUuid}:`) === true;
}
