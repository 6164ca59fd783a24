import { wellKnownText } from "./geometry.ts";
import { jsonText, NumberText } from "./json-text.ts";
import type { MessageFormat } from "./message-format.ts";
import {
  changedColumns,
  convertRow,
  isGeometry,
  plainTimestamp,
  typeName,
  type TypedChange,
} from "./typed-change.ts";

export const maxwell = {
  write: maxwellRecord,
  needsColumns: true,
  splitsKeyChanges: false,
  hasSnapshots: true,
} as const satisfies MessageFormat;

const TYPES = { c: "insert", u: "update", d: "delete" } as const;
const BOOTSTRAP_TYPES = { started: "bootstrap-start", complete: "bootstrap-complete" } as const;

/**
 * Writes a row change as Maxwell does, with the additional fields `user`, `host`, `attribution` and
 * `environment`. Null for TRUNCATE and for a statement that changes a definition, which Maxwell
 * omits by default. `xid` is missing because it is not known here.
 * https://github.com/zendesk/maxwell/blob/master/docs/docs/dataformat.md
 */
function maxwellRecord(typed: TypedChange): string | null {
  const { op, before, after, key, transaction, isLast, environment } = typed;
  if (op === "t" || op === "ddl") return null;
  if (op === "r" || op === "snapshot") return bootstrapRecord(typed);
  const { user, host, attribution } = typed.author;
  const data = convertRow(typed, after ?? before ?? {}, maxwellValue);
  return jsonText({
    database: typed.database,
    table: typed.table,
    type: TYPES[op],
    ts: Math.floor(transaction.timestampMs / 1000),
    ...(isLast ? { commit: true } : { xoffset: typed.n }),
    position: `${transaction.file}:${typed.offset}`,
    gtid: transaction.gtid ?? undefined,
    server_id: transaction.serverId,
    thread_id: transaction.thread,
    primary_key: key.length > 0 ? key.map((name) => data[name]) : undefined,
    primary_key_columns: key.length > 0 ? key : undefined,
    data,
    old:
      op === "u" && before !== null
        ? changedColumns(convertRow(typed, before, maxwellValue), data, jsonText)
        : undefined,
    user,
    host,
    attribution,
    environment,
  });
}

/**
 * Writes a snapshot's row or mark as Maxwell's bootstrap does.
 * https://github.com/zendesk/maxwell/blob/master/docs/docs/bootstrapping.md
 */
function bootstrapRecord(typed: TypedChange): string {
  const { mark, after, transaction, environment } = typed;
  const { user, host, attribution } = typed.author;
  return jsonText({
    database: typed.database,
    table: typed.table,
    type: mark === null ? "bootstrap-insert" : BOOTSTRAP_TYPES[mark.state],
    ts: Math.floor(transaction.timestampMs / 1000),
    data: convertRow(typed, after ?? {}, maxwellValue),
    user,
    host,
    attribution,
    environment,
  });
}

/**
 * Values equal those of the envelope format with three exceptions: a DECIMAL is a number, a
 * TIMESTAMP is written like a DATETIME, and a geometry is well-known text.
 */
function maxwellValue(value: unknown, columnType: string): unknown {
  if (typeof value !== "string") return value;
  // ALTER TABLE fills an added NOT NULL geometry column with empty values.
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
