import {
  FRAME_VERSION,
  type FormerNames,
  type Frame,
  type FrameChange,
  type FrameHeader,
  type FrameTransaction,
  type Operation,
  type TableShape,
} from "./frame.ts";
import { isPosition, type PositionText } from "./position.ts";
import type { Author } from "./session.ts";
import type { SnapshotTarget } from "./snapshot.ts";

/**
 * A text in the raw queue that is not a frame, or a frame of a version that this code does not
 * know.
 */
export class MalformedFrameError extends Error {
  override readonly name = "MalformedFrameError";
}

/** Parses a frame's text. Throws MalformedFrameError. */
export function decodeFrame(text: string): Frame {
  const lines = text.split("\n");
  const header = decodeHeader(lines[0] ?? "");
  if (lines.length === 1 || lines[1] === "")
    throw new MalformedFrameError("the frame has no changes");
  const changes: FrameChange[] = [];
  for (let i = 1; i < lines.length; i++) changes.push(decodeChange(lines[i] ?? "", header));
  return { ...header, changes };
}

function decodeHeader(line: string): FrameHeader {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new MalformedFrameError("the first line is not JSON", { cause });
  }
  if (typeof value !== "object" || value === null || !("frame" in value)) {
    throw new MalformedFrameError("not a frame of binlog-router");
  }
  const header = value as Partial<Record<keyof FrameHeader, unknown>>;
  if (header.frame !== FRAME_VERSION) {
    throw new MalformedFrameError(
      `the frame has version ${String(header.frame)}; this code reads version ${FRAME_VERSION}`,
    );
  }
  const sound =
    typeof header.source === "string" &&
    Number.isSafeInteger(header.lane) &&
    Number.isSafeInteger(header.epoch) &&
    typeof header.server === "string" &&
    isPositionText(header.first) &&
    isPositionText(header.last) &&
    (header.previous === null || isPositionText(header.previous)) &&
    header.first <= header.last &&
    Array.isArray(header.transactions) &&
    header.transactions.every(isTransaction) &&
    Array.isArray(header.tables) &&
    header.tables.every(isTable) &&
    Array.isArray(header.authors) &&
    header.authors.every(isAuthor) &&
    (header.life === undefined || typeof header.life === "string") &&
    (header.lowerCaseNames === undefined || header.lowerCaseNames === true);
  if (!sound)
    throw new MalformedFrameError("a field of the header is missing or has the wrong type");
  return value as FrameHeader;
}

const OPERATIONS: ReadonlySet<string> = new Set<Operation>([
  "c",
  "u",
  "d",
  "t",
  "ddl",
  "r",
  "snapshot",
]);

function decodeChange(line: string, header: FrameHeader): FrameChange {
  const fields = line.split("\t");
  const [op, transaction, table, offset, row, n, key, oldKey, before, after] = fields;
  const change = {
    op: op as Operation,
    transaction: Number(transaction),
    table: Number(table),
    offset: Number(offset),
    row: Number(row),
    n: Number(n),
    key: key ?? "",
    oldKey: oldKey ?? "",
    before: before ?? "",
    after: after ?? "",
  };
  const sound =
    fields.length === 10 &&
    OPERATIONS.has(change.op) &&
    header.transactions[change.transaction] !== undefined &&
    header.tables[change.table] !== undefined &&
    [change.offset, change.row, change.n].every(
      (number) => Number.isSafeInteger(number) && number >= 0,
    );
  if (!sound)
    throw new MalformedFrameError("a change's line lacks a field or points outside the header");
  return change;
}

function isPositionText(value: unknown): value is PositionText {
  return typeof value === "string" && isPosition(value);
}

function isTransaction(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const transaction = value as Partial<Record<keyof FrameTransaction, unknown>>;
  return (
    (transaction.gtid === null || typeof transaction.gtid === "string") &&
    typeof transaction.file === "string" &&
    [transaction.thread, transaction.run, transaction.serverId, transaction.timestampMs].every(
      Number.isSafeInteger,
    ) &&
    (transaction.author === null || Number.isSafeInteger(transaction.author)) &&
    (transaction.ended === undefined || transaction.ended === true) &&
    (transaction.preparedAt === undefined || isPositionText(transaction.preparedAt))
  );
}

function isTable(value: unknown): boolean {
  if (!Array.isArray(value)) return false;
  const [database, table, shape] = value as readonly unknown[];
  return (
    typeof database === "string" &&
    typeof table === "string" &&
    (value.length === 2 || (value.length === 3 && isShape(shape)))
  );
}

function isShape(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { columns, key, former } = value as Partial<Record<keyof TableShape, unknown>>;
  return (
    Array.isArray(columns) &&
    columns.every(isColumn) &&
    isTextList(key) &&
    (former === undefined || isFormer(former))
  );
}

function isFormer(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { tables, columns } = value as Partial<Record<keyof FormerNames, unknown>>;
  return (
    Array.isArray(tables) &&
    tables.every((name) => isTextList(name) && name.length === 2) &&
    Array.isArray(columns) &&
    columns.every(
      (entry: unknown) =>
        Array.isArray(entry) && typeof entry[0] === "string" && isTextList(entry[1]),
    )
  );
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((text) => typeof text === "string");
}

function isColumn(value: unknown): boolean {
  if (!Array.isArray(value)) return false;
  const [name, type, nullable] = value as readonly unknown[];
  return (
    value.length === 3 &&
    typeof name === "string" &&
    typeof type === "string" &&
    typeof nullable === "boolean"
  );
}

function isAuthor(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const author = value as Partial<Record<keyof Author, unknown>>;
  return (
    [author.user, author.host, author.attribution].every((text) => typeof text === "string") &&
    (author.attribution === "snapshot") === isTarget(author.snapshot)
  );
}

function isTarget(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { id, subscriber, environment } = value as Partial<Record<keyof SnapshotTarget, unknown>>;
  return [id, subscriber, environment].every((text) => typeof text === "string");
}
