import type { TableDefinition } from "../binlog-format/column.ts";
import { JsonWriter } from "../binlog-format/json-writer.ts";
import { RowChanges } from "../binlog-format/rows/row-changes.ts";
import { RowImageWriter } from "../binlog-format/rows/row-image-writer.ts";
import { RowTexts } from "../binlog-format/rows/row-texts.ts";
import { columnSelect, LENGTH_BYTES } from "./column-select.ts";

/** A selected row: the bytes of each column, or null for NULL. */
export type SelectedRow = readonly (Buffer | null)[];

const FIRST_BYTES = 16 * 1024;

/**
 * Writes selected rows as the texts of a change. It lays a row out like an image in the binlog and
 * uses the same writers, so a row has the same texts whether it was selected or changed.
 */
export class SelectedRows {
  /** The SQL expressions to select, in the order of the columns. */
  readonly expressions: readonly string[];
  readonly #nullBytes: number;
  readonly #image: RowImageWriter;
  readonly #changes: RowChanges;
  #bytes = Buffer.allocUnsafe(FIRST_BYTES);

  /** Throws UnsupportedEventError for a column of unknown type or collation. */
  constructor(definition: TableDefinition) {
    const selects = definition.columns.map(columnSelect);
    this.expressions = selects.map(({ sql }) => sql);
    this.#nullBytes = (definition.columns.length + 7) >> 3;
    this.#image = new RowImageWriter(
      definition,
      selects.map(({ write }) => write),
      () => true,
    );
    this.#changes = new RowChanges(definition, new JsonWriter());
  }

  /** A copy of a row's texts: the after image and the key. Throws RowTooLargeError. */
  textsOf(row: SelectedRow): RowTexts {
    let texts: RowTexts | undefined;
    const image = this.#layOut(row);
    this.#changes.insert(image, 0, image.length, this.#image, (_op, written) => {
      texts = written.kept();
    });
    if (texts === undefined) throw new RangeError("a selected row has no columns");
    return texts;
  }

  /** The row as an image: the bits for NULL, then each value with its length before it. */
  #layOut(row: SelectedRow): Buffer {
    let length = this.#nullBytes;
    for (const value of row) if (value !== null) length += LENGTH_BYTES + value.length;
    if (length > this.#bytes.length || this.#bytes.length > KEPT_BYTES)
      this.#bytes = Buffer.allocUnsafe(Math.max(length, FIRST_BYTES));
    const bytes = this.#bytes;
    bytes.fill(0, 0, this.#nullBytes);
    let at = this.#nullBytes;
    row.forEach((value, i) => {
      if (value === null) {
        bytes[i >> 3] = (bytes[i >> 3] ?? 0) | (1 << (i & 7));
      } else {
        at = bytes.writeUInt32LE(value.length, at);
        at += value.copy(bytes, at);
      }
    });
    return bytes.subarray(0, at);
  }
}

const KEPT_BYTES = 1 << 20;
