import { quoteName } from "../source/quote-name.ts";
import type { DescribedKey, DescribedTable } from "./describe-table.ts";
import { SelectedRows } from "./selected-rows.ts";
import { type Condition, type KeyRange, type RowKey, TableKey } from "./table-key.ts";

/** The time limit of a statement on the server, which limits the age of its read view. */
const LONGEST_STATEMENT_MS = 30_000;
const HINT = `/*+ MAX_EXECUTION_TIME(${LONGEST_STATEMENT_MS}) */`;

/**
 * The statements that read a table in the order of its key. Their limits have few different values,
 * so the server has few prepared statements.
 */
export class ChunkStatements {
  readonly key: TableKey;
  readonly rows: SelectedRows;
  readonly #columns: string;
  readonly #from: string;
  readonly #where: string | null;

  /**
   * `where`: an SQL expression that selects rows; null: all rows. Throws UnsupportedEventError for
   * an unknown column type.
   */
  constructor(table: DescribedTable, key: DescribedKey, where: string | null) {
    const { database, table: name } = table.definition;
    this.key = new TableKey(table, key);
    this.rows = new SelectedRows(table.definition);
    this.#columns = this.rows.expressions.join(", ");
    this.#from = `${quoteName(database)}.${quoteName(name)} FORCE INDEX (${this.key.index})`;
    this.#where = where;
  }

  /** The first `limit` rows behind a key. */
  first(lower: RowKey | null, limit: number): Condition {
    return this.#select(this.#columns, lower === null ? [] : [this.key.behind(lower)], limit);
  }

  /** The `limit`-th row behind a key, if there is one, regardless of `where`. */
  end(lower: RowKey | null, limit: number): Condition {
    const { sql, parameters } = conditionOf(lower === null ? [] : [this.key.behind(lower)]);
    return {
      sql: `SELECT ${HINT} ${this.#columns} FROM ${this.#from}${sql} ORDER BY ${this.key.order} LIMIT ${limit - 1}, 1`,
      parameters,
    };
  }

  /** The rows of a range that `where` selects. */
  within({ lower, upper }: KeyRange): Condition {
    return this.#select(this.#columns, [
      ...(lower === null ? [] : [this.key.behind(lower)]),
      ...(upper === null ? [] : [this.key.upTo(upper)]),
      ...this.#chosen,
    ]);
  }

  /** The rows with these keys that `where` selects. */
  oneOf(keys: readonly RowKey[]): Condition {
    return this.#select(this.#columns, [this.key.oneOf(keys), ...this.#chosen]);
  }

  /** One row that has, for each key, whether it lies in a range. */
  questions(keys: readonly RowKey[], range: KeyRange): Condition {
    const questions = keys.map((key) => this.key.rangeQuestion(key, range));
    return {
      sql: `SELECT ${questions.map(({ sql }) => `(${sql})`).join(", ")}`,
      parameters: questions.flatMap(({ parameters }) => parameters),
    };
  }

  get hasWhere(): boolean {
    return this.#where !== null;
  }

  get #chosen(): readonly Condition[] {
    return this.#where === null ? [] : [{ sql: this.#where, parameters: [] }];
  }

  #select(columns: string, conditions: readonly Condition[], limit?: number): Condition {
    const { sql, parameters } = conditionOf(conditions);
    const end = limit === undefined ? "" : ` LIMIT ${limit}`;
    return {
      sql: `SELECT ${HINT} ${columns} FROM ${this.#from}${sql} ORDER BY ${this.key.order}${end}`,
      parameters,
    };
  }
}

function conditionOf(conditions: readonly Condition[]): Condition {
  return {
    sql: conditions.map(({ sql }, i) => `${i === 0 ? " WHERE" : " AND"} (${sql})`).join(""),
    parameters: conditions.flatMap(({ parameters }) => parameters),
  };
}
