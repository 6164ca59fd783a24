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
  return decodeFrameAs(text, () => (change) => ({ ...change }));
}

/**
 * The same. `makerOf` gets the header and returns what makes a frame's changes, in their order. The
 * object that it gets for a change is that of the change before: a frame has thousands of changes,
 * and memory for each costs garbage collection.
 */
export function decodeFrameAs<Change>(
  text: string,
  makerOf: (header: FrameHeader) => (change: FrameChange) => Change,
): FrameHeader & { readonly changes: readonly Change[] } {
  const header = decodeHeader(headerLine(text));
  const lines = new ChangeLines(text);
  if (lines.isAtEnd) throw new MalformedFrameError("the frame has no changes");
  const make = makerOf(header);
  const change: Mutable<FrameChange> = { ...NO_CHANGE };
  const changes: Change[] = [];
  while (!lines.isAtEnd) {
    readChange(lines, header, change);
    changes.push(make(change));
  }
  return { ...header, changes };
}

type Mutable<Type> = { -readonly [Key in keyof Type]: Type[Key] };

const NO_CHANGE: FrameChange = {
  op: "c",
  transaction: 0,
  table: 0,
  offset: 0,
  row: 0,
  n: 0,
  key: "",
  oldKey: "",
  before: "",
  after: "",
};

/** The first line of a frame's text. */
function headerLine(text: string): string {
  const end = text.indexOf("\n");
  return end === -1 ? text : text.slice(0, end);
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
    (header.lowerCaseNames === undefined || header.lowerCaseNames === true) &&
    (header.idsByChanges === undefined || header.idsByChanges === true) &&
    (header.messageBytes === undefined || isSize(header.messageBytes));
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

function readChange(lines: ChangeLines, header: FrameHeader, change: Mutable<FrameChange>): void {
  change.op = lines.text() as Operation;
  change.transaction = lines.number();
  change.table = lines.number();
  change.offset = lines.number();
  change.row = lines.number();
  change.n = lines.number();
  change.key = lines.text();
  change.oldKey = lines.text();
  change.before = lines.text();
  change.after = lines.lastText();
  const sound =
    OPERATIONS.has(change.op) &&
    header.transactions[change.transaction] !== undefined &&
    header.tables[change.table] !== undefined;
  if (!sound) throw malformedChange();
}

function malformedChange(): MalformedFrameError {
  return new MalformedFrameError("a change's line lacks a field or points outside the header");
}

const TAB = 9;
const ZERO = 48;

/**
 * Reads the lines behind a frame's header, field by field. Nothing is made of a line but its
 * fields: a frame has thousands of lines, and memory for each costs garbage collection.
 */
class ChangeLines {
  readonly #text: string;
  /** Where the next field begins. */
  #at: number;
  /** Where the present line ends. */
  #end: number;

  constructor(text: string) {
    this.#text = text;
    this.#at = headerLine(text).length + 1;
    this.#end = this.#endOfLine();
  }

  /** Whether every line was read. */
  get isAtEnd(): boolean {
    return this.#at > this.#text.length;
  }

  /** A safe whole number without a sign. */
  number(): number {
    const start = this.#at;
    let value = 0;
    let code = this.#text.charCodeAt(this.#at);
    for (; code >= ZERO && code <= ZERO + 9; code = this.#text.charCodeAt(++this.#at)) {
      value = 10 * value + code - ZERO;
    }
    if (code !== TAB || this.#at++ === start || !Number.isSafeInteger(value)) {
      throw malformedChange();
    }
    return value;
  }

  text(): string {
    const end = this.#text.indexOf("\t", this.#at);
    if (end === -1 || end > this.#end) throw malformedChange();
    const text = this.#text.slice(this.#at, end);
    this.#at = end + 1;
    return text;
  }

  lastText(): string {
    const text = this.#text.slice(this.#at, this.#end);
    if (text.includes("\t")) throw malformedChange();
    this.#at = this.#end + 1;
    this.#end = this.#endOfLine();
    return text;
  }

  #endOfLine(): number {
    const end = this.#text.indexOf("\n", this.#at);
    return end === -1 ? this.#text.length : end;
  }
}

function isPositionText(value: unknown): value is PositionText {
  return typeof value === "string" && isPosition(value);
}

function isSize(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

function isTransaction(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const transaction = value as Partial<Record<keyof FrameTransaction, unknown>>;
  return (
    (transaction.gtid === null || typeof transaction.gtid === "string") &&
    typeof transaction.file === "string" &&
    Number.isSafeInteger(transaction.thread) &&
    Number.isSafeInteger(transaction.run) &&
    Number.isSafeInteger(transaction.serverId) &&
    Number.isSafeInteger(transaction.timestampMs) &&
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
