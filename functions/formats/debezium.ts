import { debeziumValue } from "./debezium-value.ts";
import { jsonText } from "./json-text.ts";
import { convertRow, type Row, type TypedChange } from "./typed-change.ts";

/**
 * A change as the payload of an event of Debezium's MySQL connector 2.7 (JSON without schemas, default settings), with
 * `user`, `host`, `attribution` and `environment` beside its own fields. Null for a statement about a table's definition:
 * Debezium keeps these in a topic of their own.
 * https://debezium.io/documentation/reference/2.7/connectors/mysql.html#mysql-events
 */
export function debeziumPayload(typed: TypedChange, nowMs: number): string | null {
  const { change, environment } = typed;
  if (change.op === "ddl") return null;
  const { source, user, host, attribution } = change;
  return jsonText({
    ...(change.op === "t"
      ? {}
      : { before: rowOf(typed, change.before), after: rowOf(typed, change.after) }),
    source: {
      version: "2.7.0.Final",
      connector: "mysql",
      name: typed.source,
      ts_ms: source.ts_ms,
      snapshot: "false",
      db: source.db,
      sequence: null,
      ts_us: BigInt(source.ts_ms) * 1000n,
      ts_ns: BigInt(source.ts_ms) * 1_000_000n,
      table: source.table,
      server_id: source.server_id,
      gtid: source.gtid,
      file: source.file,
      pos: source.pos,
      row: source.row,
      thread: source.thread,
      query: null,
    },
    transaction: null,
    op: change.op,
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
