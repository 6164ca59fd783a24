import type { Change } from "./change.ts";

/** How many rows of a snapshot's table were handled. */
export interface SnapshotCount {
  /** The number of different rows that were handled. */
  readonly handled: number;
  /** The number of rows that the snapshot read; null until the mark behind them was handled. */
  readonly rows: number | null;
}

/**
 * Counts the handled rows of each table of a snapshot. The tables that are complete are counted in
 * the same way, under the name `*.*`. Processes that share a queue, or that may be restarted during
 * a snapshot, need a store in their database. `snapshot` is the snapshot's id, `table` is
 * `database.table` or `*.*`. Both methods may be called again with the same arguments.
 */
export interface SnapshotCounts {
  /** Records a row by the change's id, and returns the count with it. */
  addRow(snapshot: string, table: string, id: string): Promise<SnapshotCount>;
  /** Records the number of rows from the mark, and returns the count. */
  expectRows(snapshot: string, table: string, rows: number): Promise<SnapshotCount>;
}

interface CountedTable {
  /** The rows that were handled; null once all were. */
  ids: Set<string> | null;
  rows: number | null;
}

/**
 * The default: counts in memory, about 100 bytes a row until all rows of the table were handled.
 */
export class MemorySnapshotCounts implements SnapshotCounts {
  readonly #tables = new Map<string, CountedTable>();

  addRow(snapshot: string, table: string, id: string): Promise<SnapshotCount> {
    const counted = this.#of(snapshot, table);
    // A copy: the part of a text keeps the text in memory, and what that was cut from.
    counted.ids?.add(Buffer.from(id.slice(id.lastIndexOf("/") + 1)).toString());
    return Promise.resolve(this.#count(counted));
  }

  expectRows(snapshot: string, table: string, rows: number): Promise<SnapshotCount> {
    const counted = this.#of(snapshot, table);
    counted.rows = rows;
    return Promise.resolve(this.#count(counted));
  }

  /** The count; forgets the rows of a table of which all were handled. */
  #count(counted: CountedTable): SnapshotCount {
    const { ids, rows } = counted;
    const handled = ids?.size ?? rows ?? 0;
    if (rows !== null && handled >= rows) counted.ids = null;
    return { handled, rows };
  }

  #of(snapshot: string, table: string): CountedTable {
    const name = `${snapshot}\0${table}`;
    let counted = this.#tables.get(name);
    if (counted === undefined) this.#tables.set(name, (counted = { ids: new Set(), rows: null }));
    return counted;
  }
}

/** The name under which complete tables are counted instead of rows. */
const TABLES = "*.*";

/** A table of which all rows of a snapshot were handled. */
export interface SnapshotTable {
  /** The snapshot's id. */
  readonly snapshot: string;
  /** `database.table`. */
  readonly table: string;
  /** The number of rows that the snapshot read. */
  readonly rows: number;
  /** Whether all rows of all tables of the snapshot were handled. */
  readonly whole: boolean;
}

/**
 * Tells when all rows of a snapshot's table, and of all its tables, were handled, whatever
 * `groupBy` is. With `groupBy: "key"` the mark behind the rows may be handled before the last of
 * them, so the rows are counted.
 */
export class SnapshotProgress {
  readonly #counts: SnapshotCounts;

  constructor(counts: SnapshotCounts = new MemorySnapshotCounts()) {
    this.#counts = counts;
  }

  /**
   * To be called for each change after it was handled. Returns the table whose last missing row or
   * mark it was, else null. It may return a table more than once, because a change may be handled
   * again. For a subscriber with `where` it returns none of which a row was left out.
   */
  async handled({
    id,
    op,
    snapshot,
  }: Pick<Change, "id" | "op" | "snapshot">): Promise<SnapshotTable | null> {
    if (snapshot === undefined) return null;
    const { id: name, table, rows: expected, tables } = snapshot;
    // Before the number of rows, so that whoever learns that the last table is complete also learns
    // the number of tables.
    if (tables !== undefined) await this.#counts.expectRows(name, TABLES, tables);
    let count: SnapshotCount | null = null;
    if (op === "r") count = await this.#counts.addRow(name, table, id);
    else if (expected !== undefined) count = await this.#counts.expectRows(name, table, expected);
    if (count === null || count.rows === null || count.handled < count.rows) return null;
    const done = await this.#counts.addRow(name, TABLES, encodeURIComponent(table));
    const whole = done.rows !== null && done.handled >= done.rows;
    return { snapshot: name, table, rows: count.rows, whole };
  }
}
