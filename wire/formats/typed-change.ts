import { frameChangeId, type KeyChangeHalf, rowTexts, type WriteChange } from "../change-text.ts";
import type {
  FrameChange,
  FrameHeader,
  FrameTransaction,
  Operation,
  TableShape,
} from "../frame.ts";
import { GEOMETRY_TYPES } from "../geometry-types.ts";
import type { Author } from "../session.ts";
import { parseSnapshotMark, type SnapshotMark } from "../snapshot.ts";
import { parseJsonExactly } from "./json-text.ts";

/** A change with everything that a format may write. */
export interface TypedChange extends TableShape {
  /** The stable id, as in the envelope. */
  readonly id: string;
  /** The key's columns with their values; null when there is no key. */
  readonly keyValues: Row | null;
  /** The change as in the envelope: the JSON text of `Change` (wire/message.ts). */
  readonly changeText: string;
  readonly op: Operation;
  readonly before: Row | null;
  readonly after: Row | null;
  /** The statement of a `ddl`, else "". */
  readonly statement: string;
  /** The mark of a `snapshot`, else null. */
  readonly mark: SnapshotMark | null;
  readonly author: Author;
  readonly environment: string;
  /** The `name` in the router's configuration. */
  readonly source: string;
  readonly database: string;
  readonly table: string;
  readonly transaction: FrameTransaction;
  /** As in `FrameChange`. */
  readonly offset: number;
  readonly row: number;
  readonly n: number;
  /** Whether it is known to be the last change of its transaction that this queue gets. */
  readonly isLast: boolean;
}

export type Row = Readonly<Record<string, unknown>>;

export interface TypedChangeOptions {
  readonly author: Author;
  readonly half: KeyChangeHalf | undefined;
  readonly environment: string;
  /** Whether the frame has no later change of the same transaction for this queue. */
  readonly isLast: boolean;
  readonly writeChange: WriteChange;
}

/** A frame's change or one half of it, with parsed rows. Throws SyntaxError. */
export function typedChange(
  header: FrameHeader,
  change: FrameChange,
  { author, half, environment, isLast, writeChange }: TypedChangeOptions,
): TypedChange {
  const [database = "", table = "", shape] = header.tables[change.table] ?? [];
  const transaction = header.transactions[change.transaction];
  if (transaction === undefined) throw new RangeError("the change has no transaction");
  const { offset, row, n } = change;
  const { op, before, after, key } = rowTexts(change, half);
  const isDdl = op === "ddl";
  const mark = op === "snapshot" ? parseSnapshotMark(after) : null;
  return {
    // Getters, because only some formats need these.
    get id() {
      return frameChangeId(header, change, author, half);
    },
    get keyValues() {
      return rowOf(key);
    },
    get changeText() {
      return writeChange(change, author, half);
    },
    op,
    before: rowOf(before),
    after: isDdl || mark !== null ? null : rowOf(after),
    statement: isDdl ? (JSON.parse(after) as string) : "",
    mark,
    author,
    environment,
    source: header.source,
    database,
    table,
    transaction,
    offset,
    row,
    n,
    isLast: isLast && transaction.ended === true,
    columns: shape?.columns ?? [],
    key: shape?.key ?? [],
  };
}

function rowOf(text: string): Row | null {
  return text === "" ? null : (parseJsonExactly(text) as Row);
}

/** The type's name: `decimal` for `decimal(10,2) unsigned`. */
export function typeName(columnType: string): string {
  return /^[a-z]+/.exec(columnType.toLowerCase())?.[0] ?? "";
}

/** Whether values of the type are geometries: base64 of well-known binary. */
export function isGeometry(columnType: string): boolean {
  return GEOMETRIES.has(typeName(columnType));
}

const GEOMETRIES: ReadonlySet<string> = new Set(GEOMETRY_TYPES);

/** The members that a column type lists: `enum('open','it''s')`. */
export function members(columnType: string): string[] {
  return [...columnType.matchAll(/'((?:[^']|'')*)'/g)].map(([, quoted = ""]) =>
    quoted.replaceAll("''", "'"),
  );
}

/**
 * The row with each value converted, in the order of the table's columns. Columns that the table
 * does not have are dropped.
 */
export function convertRow(
  { columns }: TypedChange,
  row: Row,
  convert: (value: unknown, columnType: string, nullable: boolean) => unknown,
): Row {
  return Object.fromEntries(
    columns
      .filter(([name]) => Object.hasOwn(row, name))
      .map(([name, type, nullable]) => {
        const value = row[name];
        return [name, value === null ? null : convert(value, type, nullable)];
      }),
  );
}

/** The columns of `before` whose values differ in `after`. */
export function changedColumns(before: Row, after: Row, textOf: (value: unknown) => string): Row {
  return Object.fromEntries(
    Object.entries(before).filter(([name, value]) => textOf(value) !== textOf(after[name])),
  );
}

/** `2026-11-20T19:05:00.125000Z` as MySQL shows it in the time zone UTC. */
export function plainTimestamp(rfc3339: string): string {
  return rfc3339.replace("T", " ").replace("Z", "");
}
