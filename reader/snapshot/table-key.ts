import { createHash } from "node:crypto";
import { parseExactJson } from "../../wire/exact-json.ts";
import type { TableDefinition } from "../binlog-format/column.ts";
import { columnTypeText } from "../binlog-format/rows/column-type.ts";
import type { DescribedKey, DescribedTable } from "./describe-table.ts";
import { quoteName } from "../source/quote-name.ts";
import { keyPart, type KeyPart, type KeyValue } from "./key-part.ts";
import type { SelectedRow } from "./selected-rows.ts";

/** A row's key, with one value for each column of the key. */
export type RowKey = readonly KeyValue[];

/** An SQL text with its parameters. */
export interface Condition {
  readonly sql: string;
  readonly parameters: readonly string[];
}

/** The keys behind `lower`, up to and including `upper`; null: no bound. */
export interface KeyRange {
  readonly lower: RowKey | null;
  readonly upper: RowKey | null;
}

interface Part extends KeyPart {
  readonly column: string;
  readonly name: string;
  readonly index: number;
  readonly isDescending: boolean;
}

/** The key by which a table is read, in its index's order. */
export class TableKey {
  /** The columns for `ORDER BY`. */
  readonly order: string;
  /**
   * Two keys of a table have the same name if their values have the same form and order, so that
   * reading can go on behind a value of the former.
   */
  readonly name: string;
  /** The index's name, for `FORCE INDEX`. */
  readonly index: string;
  readonly #parts: readonly Part[];

  /** Throws UnsupportedEventError when the order of a column is unknown. */
  constructor({ definition }: Pick<DescribedTable, "definition">, key: DescribedKey) {
    this.#parts = key.columns.map(({ index, isDescending, collation }) => {
      const column = definition.columns[index];
      if (column === undefined) throw new RangeError("a key names a column that does not exist");
      const { name } = column;
      return { ...keyPart(column, collation), column: quoteName(name), name, index, isDescending };
    });
    this.name = nameOf(definition, key);
    this.index = quoteName(key.name);
    this.order = this.#parts
      .map(({ column, isDescending }) => (isDescending ? `${column} DESC` : column))
      .join(", ");
  }

  /** The key of a selected row. */
  ofRow(row: SelectedRow): RowKey {
    return this.#parts.map((part) => part.ofSelected(row[part.index] ?? Buffer.alloc(0)));
  }

  /** Parses the JSON text of a change's key. */
  ofText(text: string): RowKey {
    const value = parseExactJson(text) as Readonly<Record<string, unknown>>;
    return this.#parts.map((part) => part.ofJson(value[part.name]));
  }

  /** The condition that a row's key lies behind this one. */
  behind(key: RowKey): Condition {
    return this.#behind(this.#columns, key);
  }

  /** The condition that a row's key does not lie behind this one. */
  upTo(key: RowKey): Condition {
    return not(this.behind(key));
  }

  /** The condition that a row's key is one of these. */
  oneOf(keys: readonly RowKey[]): Condition {
    return any(
      keys.map((key) =>
        all(
          key.map((value, i) =>
            compared(this.#columns[i] ?? expression(""), "=", this.#bound(i, value)),
          ),
        ),
      ),
    );
  }

  /**
   * Whether a key lies in a range; null when only the server can decide that, see `rangeQuestion`.
   */
  isInRange(key: RowKey, { lower, upper }: KeyRange): boolean | null {
    const fromLower = lower === null ? 1 : this.#compare(key, lower);
    const toUpper = upper === null ? -1 : this.#compare(key, upper);
    if (fromLower === null || toUpper === null) return null;
    return fromLower > 0 && toUpper <= 0;
  }

  /** An SQL expression for whether a key lies in a range. */
  rangeQuestion(key: RowKey, { lower, upper }: KeyRange): Condition {
    const values = key.map((value, i) => this.#bound(i, value));
    const conditions: Condition[] = [];
    if (lower !== null) conditions.push(this.#behind(values, lower));
    if (upper !== null) conditions.push(not(this.#behind(values, upper)));
    return conditions.length === 0 ? { sql: "TRUE", parameters: [] } : all(conditions);
  }

  get #columns(): readonly Condition[] {
    return this.#parts.map(({ column, inComparisons }) =>
      expression(inComparisons?.(column) ?? column),
    );
  }

  /**
   * Written out part by part, because MySQL does not use the index for a comparison of whole rows.
   */
  #behind(values: readonly Condition[], key: RowKey): Condition {
    return any(
      values.map((value, i) => {
        const isDescending = this.#parts[i]?.isDescending === true;
        const same = values
          .slice(0, i)
          .map((former, j) => compared(former, "=", this.#bound(j, key[j] ?? "")));
        return all([
          ...same,
          compared(value, isDescending ? "<" : ">", this.#bound(i, key[i] ?? "")),
        ]);
      }),
    );
  }

  #bound(index: number, value: KeyValue): Condition {
    const part = this.#parts[index];
    if (part === undefined) throw new RangeError("a key has too many values");
    const { sql, parameter } = part.bind(value);
    return { sql, parameters: [parameter] };
  }

  #compare(a: RowKey, b: RowKey): number | null {
    for (const [i, { compare, isDescending }] of this.#parts.entries()) {
      if (compare === null) return null;
      const order = compare(a[i] ?? "", b[i] ?? "");
      if (order !== 0) return isDescending ? -order : order;
    }
    return 0;
  }
}

/** A hash, because the members of an ENUM may be many. */
function nameOf({ columns }: TableDefinition, key: DescribedKey): string {
  const parts = key.columns.map(({ index, isDescending, collation }) => {
    const column = columns[index];
    return column && [column.name, columnTypeText(column), collation, isDescending];
  });
  return createHash("sha256").update(JSON.stringify(parts)).digest("base64url");
}

function expression(sql: string): Condition {
  return { sql, parameters: [] };
}

function compared(left: Condition, operator: "=" | "<" | ">", right: Condition): Condition {
  return {
    sql: `${left.sql} ${operator} ${right.sql}`,
    parameters: [...left.parameters, ...right.parameters],
  };
}

function all(conditions: readonly Condition[]): Condition {
  return joined(conditions, " AND ");
}

function any(conditions: readonly Condition[]): Condition {
  return joined(conditions, " OR ");
}

function not({ sql, parameters }: Condition): Condition {
  return { sql: `NOT (${sql})`, parameters };
}

function joined(conditions: readonly Condition[], word: string): Condition {
  return {
    sql: conditions.map(({ sql }) => (conditions.length === 1 ? sql : `(${sql})`)).join(word),
    parameters: conditions.flatMap(({ parameters }) => parameters),
  };
}
