import { debeziumValue } from "./debezium-value.ts";
import { jsonText } from "./json-text.ts";
import type { MessageFormat } from "./message-format.ts";
import { convertRow, type Row, type TypedChange } from "./typed-change.ts";

export const debezium = {
  write: debeziumPayload,
  needsColumns: true,
  splitsKeyChanges: true,
  hasSnapshots: true,
} as const satisfies MessageFormat;

/**
 * Writes a change as the payload of an event of Debezium's MySQL connector 2.7 (JSON without
 * schemas, default settings), with the additional fields `user`, `host`, `attribution` and
 * `environment`. A snapshot's row is written as in Debezium's incremental snapshots. Null for a
 * statement that changes a definition and for a snapshot's marks: Debezium publishes each of these
 * kinds in a separate topic.
 * https://debezium.io/documentation/reference/2.7/connectors/mysql.html#mysql-events
 */
function debeziumPayload(typed: TypedChange, nowMs: number): string | null {
  const { op, before, after, transaction, environment } = typed;
  if (op === "ddl" || op === "snapshot") return null;
  const { user, host, attribution } = typed.author;
  return jsonText({
    ...(op !== "t" && { before: rowOf(typed, before), after: rowOf(typed, after) }),
    source: {
      version: "2.7.0.Final",
      connector: "mysql",
      name: typed.source,
      ts_ms: transaction.timestampMs,
      snapshot: op === "r" ? "incremental" : "false",
      db: typed.database,
      sequence: null,
      ts_us: BigInt(transaction.timestampMs) * 1000n,
      ts_ns: BigInt(transaction.timestampMs) * 1_000_000n,
      table: typed.table,
      server_id: transaction.serverId,
      gtid: transaction.gtid,
      file: transaction.file,
      pos: typed.offset,
      row: typed.row,
      thread: transaction.thread,
      query: null,
    },
    transaction: null,
    op,
    ts_ms: nowMs,
    ts_us: BigInt(nowMs) * 1000n,
    ts_ns: BigInt(nowMs) * 1_000_000n,
    user,
    host,
    attribution,
    environment,
  });
}

function rowOf(typed: TypedChange, row: Row | null): Row | null {
  return row && convertRow(typed, row, debeziumValue);
}
