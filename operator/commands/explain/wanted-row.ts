import type { RowChange } from "../../../reader/transactions/transaction.ts";
import type { FrameChange } from "../../../wire/frame.ts";
import { lowerCaseName } from "../../../wire/lower-case.ts";
import { parseExactJson } from "../../../wire/exact-json.ts";
import { tableMatcher, WHOLE_DATABASE } from "../../../wire/table-patterns.ts";
import { jsonMembers } from "../../../functions/filters/json-members.ts";
import { CommandError } from "../../shared/command-error.ts";

/** The row that the operator asks about. */
export interface WantedRow {
  /** `database.table` */
  readonly name: string;
  /**
   * Values of the primary key's columns in the key's order, or `column=value`. A key's value may
   * contain `=`, as Base64 does, so both readings count. Empty for all rows.
   */
  readonly values: readonly string[];
}

/**
 * Parses `shop.orders 42`, `shop.lines 42 7` or `shop.orders customer=Ada`. Without values it means
 * all rows of the table. Throws CommandError.
 */
export function parseWantedRow(name: string, values: readonly string[]): WantedRow {
  const dot = name.indexOf(".");
  if (dot <= 0 || dot === name.length - 1)
    throw new CommandError(`${JSON.stringify(name)} is not a table: name it as database.table`);
  return { name, values };
}

/** Whether the patterns of `source.tables` choose the row's table. */
export function isFollowed(
  { name }: WantedRow,
  patterns: readonly string[],
  lowerCaseNames: boolean,
): boolean {
  const written = (text: string): string => (lowerCaseNames ? lowerCaseName(text) : text);
  const matches = tableMatcher(patterns.map(written));
  const wanted = written(name);
  // A database's name may contain dots.
  return Array.from(wanted.matchAll(/\./g)).some(({ index }) =>
    matches(wanted.slice(0, index), wanted.slice(index + 1)),
  );
}

/** Whether a change belongs to the row's table, or to its whole database (DROP DATABASE). */
export function isOfTable(
  { name }: WantedRow,
  { database, table }: Pick<RowChange, "database" | "table">,
  lowerCaseNames: boolean,
): boolean {
  const wanted = lowerCaseNames ? lowerCaseName(name) : name;
  return table === WHOLE_DATABASE
    ? wanted.startsWith(`${database}.`)
    : wanted === `${database}.${table}`;
}

/** Finds the changes that affect the row among those of its table. */
export class RowSearch {
  readonly #wanted: WantedRow;
  /** A key for each list of its columns; "" for a table without a primary key. */
  readonly #keys = new Map<string, string>();
  #isRenamed = false;
  #hasColumns = false;
  #isFound = false;

  constructor(wanted: WantedRow) {
    this.#wanted = wanted;
  }

  /**
   * Whether a change of the table affects the row, by its values before or after the change.
   * TRUNCATE and DDL affect all rows.
   */
  touches(change: FrameChange): boolean {
    if (change.op === "ddl" && RENAME.test(change.after)) this.#isRenamed = true;
    if (change.op === "t" || change.op === "ddl") return true;
    const { values } = this.#wanted;
    if (values.length === 0) return true;
    const keys = [change.key, change.oldKey].map(membersOf);
    this.#keys.set([...(keys[0]?.keys() ?? [])].join(", "), change.key);
    const isTouched =
      keys.some((key) => key !== null && this.#isKey(key)) || this.#touchesByColumns(change);
    this.#isFound ||= isTouched;
    return isTouched;
  }

  /** What the operator should know about how the row was searched for. */
  get notes(): readonly string[] {
    const { name } = this.#wanted;
    const doubt = this.#doubt();
    return [
      ...(this.#isRenamed
        ? [
            `A statement in the stretch renames ${name}, or a column or index of it. If it renames the table, search under the other name, too.`,
          ]
        : []),
      ...(doubt === null ? [] : [doubt]),
    ];
  }

  /** Why the values may be written otherwise than meant, where no row was found by them. */
  #doubt(): string | null {
    if (this.#isFound || this.#hasColumns || this.#keys.size === 0) return null;
    const { name, values } = this.#wanted;
    const keys = [...this.#keys].filter(([columns]) => columns !== "");
    if (keys.length === 0)
      return `${name} has no primary key, and no column of these names: write column=value.`;
    const likely = keys.find(([, key]) => membersOf(key)?.size === values.length);
    return likely === undefined
      ? `The primary key of ${name} is (${keys.map(([columns]) => columns).join(") or (")}): give a value for each of its columns, or column=value.`
      : `Write values exactly as messages have them. The key of another row of ${name}: ${likely[1]}.`;
  }

  #isKey(key: Members): boolean {
    const { values } = this.#wanted;
    return (
      key.size === values.length &&
      [...key.values()].every((value, index) => value === values[index])
    );
  }

  #touchesByColumns(change: FrameChange): boolean {
    const { values } = this.#wanted;
    if (!values.every((value) => value.includes("="))) return false;
    return [change.before, change.after].some((text) => {
      const image = [...(membersOf(text) ?? [])];
      if (values.every((value) => image.some(([name]) => isOfColumn(value, name))))
        this.#hasColumns = true;
      return values.every((value) =>
        image.some(
          ([name, inner]) => isOfColumn(value, name) && value.slice(name.length + 1) === inner,
        ),
      );
    });
  }
}

/** Also true for a column's or an index's new name, and for a word in a comment. */
const RENAME = /\brename\b/i;

/** Whether a text is `column=` and a value. MySQL does not distinguish cases of column names. */
function isOfColumn(text: string, column: string): boolean {
  return (
    text.charAt(column.length) === "=" &&
    lowerCaseName(text.slice(0, column.length)) === lowerCaseName(column)
  );
}

type Members = ReadonlyMap<string, string>;

/** The members of a JSON object in their order, with values as an operator types them. */
function membersOf(text: string): Members | null {
  if (text === "") return null;
  return new Map(jsonMembers(text).map(({ name, value }) => [name, typed(parseExactJson(value))]));
}

/** JSON.stringify writes the digits of an ExactDecimal too, because it has toJSON. */
function typed(value: unknown): string {
  if (value === null) return "NULL";
  if (typeof value === "string") return value;
  return typeof value === "bigint" ? value.toString() : JSON.stringify(value);
}
