import { jsonText, spacedJsonText } from "./json-text.ts";
import type { MessageFormat } from "./message-format.ts";
import {
  changedColumns,
  convertRow,
  isGeometry,
  members,
  plainTimestamp,
  typeName,
  type Row,
  type TypedChange,
} from "./typed-change.ts";

export const canal = {
  write: canalFlatMessage,
  needsColumns: true,
  splitsKeyChanges: false,
  hasSnapshots: false,
} as const satisfies MessageFormat;

const TYPES = { c: "INSERT", u: "UPDATE", d: "DELETE", t: "TRUNCATE" } as const;

/**
 * Writes a change as canal's flatMessage, with the additional fields `user`, `host`, `attribution`
 * and `environment`. `id`, which numbers canal's batches, is 0. `ts` is the time of writing and
 * `es` the time of the commit, both in milliseconds since 1970. Throws RangeError for a snapshot's
 * row or mark, because canal has no message for them.
 * https://github.com/alibaba/canal/blob/master/protocol/src/main/java/com/alibaba/otter/canal/protocol/FlatMessage.java
 */
function canalFlatMessage(typed: TypedChange, nowMs: number): string {
  const { op, before, after, statement, key, columns, transaction, environment } = typed;
  const { user, host, attribution } = typed.author;
  if (op === "r" || op === "snapshot")
    throw new RangeError("the format canal has no message for a row of a snapshot");
  const isDdl = op === "t" || op === "ddl";
  const row = after ?? before ?? {};
  const data = isDdl ? null : convertRow(typed, row, canalValue);
  return jsonText({
    data: data && [data],
    database: typed.database,
    es: transaction.timestampMs,
    gtid: transaction.gtid ?? "",
    id: 0,
    isDdl,
    mysqlType: isDdl ? null : byColumn(columns, (_name, type) => type),
    old: data && oldOf(typed, data),
    pkNames: key.length > 0 && !isDdl ? key : null,
    sql: statement,
    sqlType: isDdl ? null : byColumn(columns, (name, type) => sqlType(type, row[name])),
    table: typed.table,
    ts: nowMs,
    type: op === "ddl" ? definitionType(statement) : TYPES[op],
    user,
    host,
    attribution,
    environment,
  });
}

/**
 * Canal's name for the type of a statement that changes a definition (`EventType` in its
 * EntryProtocol.proto).
 */
function definitionType(statement: string): string {
  const words = statement.replace(/\/\*.*?\*\//gs, " ").trim();
  return DEFINITION_TYPES.find(({ begins }) => begins.test(words))?.type ?? "QUERY";
}

const DEFINITION_TYPES = [
  { begins: /^create\s+((unique|fulltext|spatial)\s+)?index\b/i, type: "CINDEX" },
  { begins: /^drop\s+index\b/i, type: "DINDEX" },
  { begins: /^create\s+(temporary\s+)?table\b/i, type: "CREATE" },
  { begins: /^alter\s+table\b/i, type: "ALTER" },
  { begins: /^drop\s+(temporary\s+)?table\b/i, type: "ERASE" },
  { begins: /^rename\s+table\b/i, type: "RENAME" },
] as const;

function oldOf(typed: TypedChange, data: Row): readonly Row[] | null {
  const { op, before } = typed;
  if (op !== "u" || before === null) return null;
  return [changedColumns(convertRow(typed, before, canalValue), data, jsonText)];
}

function byColumn<T>(
  columns: TypedChange["columns"],
  of: (name: string, type: string) => T,
): Record<string, T> {
  return Object.fromEntries(columns.map(([name, type]) => [name, of(name, type)]));
}

/**
 * Canal writes every value as text: an ENUM as its number, a SET as its bits, binary data as one
 * character for each byte (ISO 8859-1).
 */
function canalValue(value: unknown, columnType: string): string {
  const type = typeName(columnType);
  if (type === "json") return spacedJsonText(value);
  if (type === "enum") return String(members(columnType).indexOf(String(value)) + 1);
  if (type === "set" && Array.isArray(value)) return String(setBits(value, members(columnType)));
  if (typeof value !== "string") return jsonText(value);
  if (type === "timestamp") return plainTimestamp(value);
  return BINARY.has(type) || isGeometry(columnType)
    ? Buffer.from(value, "base64").toString("latin1")
    : value;
}

function setBits(chosen: readonly unknown[], all: readonly string[]): bigint {
  return all.reduce(
    (bits, member, index) => (chosen.includes(member) ? bits | (1n << BigInt(index)) : bits),
    0n,
  );
}

const BINARY = new Set(["binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"]);

/**
 * The number in java.sql.Types that canal gives a column. It is the next wider type when an
 * unsigned integer's value does not fit into the Java type of the same width.
 */
function sqlType(columnType: string, value: unknown): number {
  const type = typeName(columnType);
  const widened = WIDENED[type];
  if (widened !== undefined && (typeof value === "number" || typeof value === "bigint")) {
    if (value > widened.largest) return widened.type;
  }
  return SQL_TYPES[type] ?? (isGeometry(columnType) ? JAVA_BLOB : JAVA_VARCHAR);
}

const WIDENED: Readonly<Record<string, { readonly largest: bigint; readonly type: number }>> = {
  tinyint: { largest: 2n ** 7n - 1n, type: 5 },
  smallint: { largest: 2n ** 15n - 1n, type: 4 },
  int: { largest: 2n ** 31n - 1n, type: -5 },
  bigint: { largest: 2n ** 63n - 1n, type: 3 },
};

const JAVA_VARCHAR = 12;
const JAVA_BLOB = 2004;

const SQL_TYPES: Readonly<Record<string, number>> = {
  bit: -7,
  tinyint: -6,
  smallint: 5,
  mediumint: 4,
  int: 4,
  bigint: -5,
  decimal: 3,
  float: 7,
  double: 8,
  date: 91,
  time: 92,
  datetime: 93,
  timestamp: 93,
  char: 1,
  tinytext: 2005,
  text: 2005,
  mediumtext: 2005,
  longtext: 2005,
  binary: 2004,
  varbinary: 2004,
  tinyblob: 2004,
  blob: 2004,
  mediumblob: 2004,
  longblob: 2004,
  enum: 4,
  set: -7,
};
