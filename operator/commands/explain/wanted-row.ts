import type { RowChange } from "../../../reader/transactions/transaction.ts";
import type { FrameChange } from "../../../wire/frame.ts";
import { lowerCaseName } from "../../../wire/lower-case.ts";
import { parseExactJson } from "../../../wire/exact-json.ts";
import { CommandError } from "../../shared/command-error.ts";

/** The row that the operator asks about. */
export interface WantedRow {
  readonly database: string;
  readonly table: string;
  /** Values of the primary key's columns, in the key's order; empty when `columns` is used. */
  readonly key: readonly string[];
  /** Values by column name. */
  readonly columns: ReadonlyMap<string, string>;
}

/**
 * Parses `shop.orders 42`, `shop.lines 42 7` or `shop.orders customer=Ada`. Without values it means
 * all rows of the table. Throws CommandError.
 */
export function parseWantedRow(name: string, values: readonly string[]): WantedRow {
  const dot = name.indexOf(".");
  if (dot <= 0 || dot === name.length - 1)
    throw new CommandError(`${JSON.stringify(name)} is not a table: name it as database.table`);
  const named = values.filter((value) => COLUMN.test(value));
  if (named.length > 0 && named.length < values.length)
    throw new CommandError("give the key's values, or column=value for each; not both");
  return {
    database: name.slice(0, dot),
    table: name.slice(dot + 1),
    key: named.length > 0 ? [] : values,
    columns: new Map(
      named.map((text) => {
        const at = text.indexOf("=");
        return [text.slice(0, at), text.slice(at + 1)];
      }),
    ),
  };
}

const COLUMN = /^[\p{L}_$][\p{L}\p{N}_$]*=/u;

/** Whether a change belongs to the row's table. */
export function isOfTable(
  { database, table }: WantedRow,
  change: Pick<RowChange, "database" | "table">,
  lowerCaseNames: boolean,
): boolean {
  const named = (name: string): string => (lowerCaseNames ? lowerCaseName(name) : name);
  return change.database === named(database) && change.table === named(table);
}

/**
 * Whether a change of the table affects the row, by its values before or after the change. TRUNCATE
 * and DDL affect all rows.
 */
export function touches(wanted: WantedRow, change: FrameChange): boolean {
  if (change.op === "t" || change.op === "ddl") return true;
  if (wanted.columns.size > 0) {
    const images = [change.before, change.after].map(membersOf);
    return images.some(
      (image) =>
        image !== null &&
        [...wanted.columns].every(
          ([column, value]) => image.has(column) && image.get(column) === value,
        ),
    );
  }
  if (wanted.key.length === 0) return true;
  return [change.key, change.oldKey].some((text) => {
    const key = membersOf(text);
    const values = key === null ? [] : [...key.values()];
    return (
      values.length === wanted.key.length &&
      values.every((value, index) => value === wanted.key[index])
    );
  });
}

/** The members of a JSON object, with values as an operator types them. */
function membersOf(text: string): ReadonlyMap<string, string> | null {
  if (text === "") return null;
  const value = parseExactJson(text) as Readonly<Record<string, unknown>>;
  return new Map(Object.entries(value).map(([name, inner]) => [name, typed(inner)]));
}

/** JSON.stringify writes the digits of an ExactDecimal too, because it has toJSON. */
function typed(value: unknown): string {
  if (value === null) return "NULL";
  if (typeof value === "string") return value;
  return typeof value === "bigint" ? value.toString() : JSON.stringify(value);
}
