import type { FrameTable, TableShape } from "../../wire/frame.ts";
import type { TableDefinition } from "../binlog-format/column.ts";
import { columnTypeText } from "../binlog-format/rows/column-type.ts";
import type { RowChange } from "../transactions/transaction.ts";

/**
 * The tables of one frame's header. Changes refer to them by index; each definition of a table has
 * a separate entry.
 */
export class FrameTables {
  readonly list: FrameTable[] = [];
  readonly #byText = new Map<string, number>();
  readonly #byDefinition = new Map<TableDefinition, number>();
  #bytes = 0;
  #latest: (Pick<RowChange, "database" | "table" | "definition"> & { index: number }) | null = null;

  /** The tables' size in the header, bytes, approximately. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The index of the change's table; mostly the same as for the previous change. */
  indexOf(change: RowChange): number {
    const { database, table, definition } = change;
    const latest = this.#latest;
    if (
      latest !== null &&
      latest.table === table &&
      latest.database === database &&
      latest.definition === definition
    ) {
      return latest.index;
    }
    const index = this.#indexOf(change);
    this.#latest = { database, table, definition, index };
    return index;
  }

  #indexOf({ database, table, definition }: RowChange): number {
    if (definition === undefined) return this.#index(`${database}\0${table}`, [database, table]);
    let index = this.#byDefinition.get(definition);
    if (index === undefined) {
      const { shape, text } = shapeOf(definition);
      index = this.#index(`${database}\0${table}\0${text}`, [database, table, shape]);
      this.#byDefinition.set(definition, index);
    }
    return index;
  }

  #index(text: string, entry: FrameTable): number {
    let index = this.#byText.get(text);
    if (index === undefined) {
      index = this.list.push(entry) - 1;
      this.#byText.set(text, index);
      this.#bytes += Buffer.byteLength(text) + 8;
    }
    return index;
  }
}

const shapes = new WeakMap<
  TableDefinition,
  { readonly shape: TableShape; readonly text: string }
>();

/** A definition's shape, and its text, which is equal for equal definitions. */
function shapeOf(definition: TableDefinition): {
  readonly shape: TableShape;
  readonly text: string;
} {
  let known = shapes.get(definition);
  if (known === undefined) {
    const { columns, primaryKey, former } = definition;
    const shape: TableShape = {
      columns: columns.map((column) => [column.name, columnTypeText(column), column.nullable]),
      key: primaryKey.map((index) => columns[index]?.name ?? ""),
      ...(former !== undefined && { former }),
    };
    known = { shape, text: JSON.stringify(shape) };
    shapes.set(definition, known);
  }
  return known;
}
