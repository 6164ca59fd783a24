import { wellKnownText } from "./geometry.ts";
import { jsonText, NumberText } from "./json-text.ts";
import {
  changedColumns,
  convertRow,
  isGeometry,
  plainTimestamp,
  typeName,
  type TypedChange,
} from "./typed-change.ts";

const TYPES = { c: "insert", u: "update", d: "delete" } as const;

/**
 * A row change as Maxwell writes it, with `user`, `host`, `attribution` and `environment` beside its own fields. Null for
 * a statement about a table, which Maxwell leaves out unless told otherwise. Without `xid`, which is not known here.
 * https://github.com/zendesk/maxwell/blob/master/docs/docs/dataformat.md
 */
export function maxwellRecord(typed: TypedChange): string | null {
  const { change, transaction, environment } = typed;
  if (change.op === "t" || change.op === "ddl") return null;
  const { source, user, host, attribution } = change;
  const data = convertRow(typed, change.after ?? change.before ?? {}, maxwellValue);
  return jsonText({
    database: source.db,
    table: source.table,
    type: TYPES[change.op],
    ts: Math.floor(source.ts_ms / 1000),
    ...(transaction.last ? { commit: true } : { xoffset: transaction.n }),
    position: `${source.file}:${source.pos}`,
    gtid: source.gtid ?? undefined,
    server_id: source.server_id,
    thread_id: source.thread,
    primary_key: typed.key.length > 0 ? typed.key.map((name) => data[name]) : undefined,
    primary_key_columns: typed.key.length > 0 ? typed.key : undefined,
    data,
    old:
      change.op === "u" && change.before !== null
        ? changedColumns(convertRow(typed, change.before, maxwellValue), data, jsonText)
        : undefined,
    user,
    host,
    attribution,
    environment,
  });
}

/** Values are as in the message, save that a DECIMAL is a number, a TIMESTAMP is like a DATETIME, a geometry is text. */
function maxwellValue(value: unknown, columnType: string): unknown {
  if (typeof value !== "string") return value;
  // An empty value is what ALTER TABLE leaves where a NOT NULL column had nothing.
  if (isGeometry(columnType))
    return value === "" ? null : wellKnownText(Buffer.from(value, "base64"));
  switch (typeName(columnType)) {
    case "decimal":
      return new NumberText(value);
    case "timestamp":
      return plainTimestamp(value);
    default:
      return value;
  }
}
