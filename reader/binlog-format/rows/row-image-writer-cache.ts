import type { TableDefinition } from "../column.ts";
import { imageProgram } from "./image-program.ts";
import { RowImageWriter } from "./row-image-writer.ts";
import { columnWriter } from "../values/column-writer.ts";
import type { ValueWriter } from "../values/value-writer.ts";

/**
 * MINIMAL images can have any set of columns. The cache is cleared when it has this many writers.
 */
const MOST_WRITERS = 256;

/**
 * The image writers of one table, by the set of columns of an image, which is nearly always all.
 */
export class RowImageWriterCache {
  readonly #definition: TableDefinition;
  readonly #writers: readonly ValueWriter[];
  readonly #byBitmap = new Map<string, RowImageWriter>();
  #lastBitmap: Buffer;
  #last: RowImageWriter;
  /** The writer for images with all columns. */
  readonly whole: RowImageWriter;

  /** Throws UnsupportedEventError for a column of unknown type or collation. */
  constructor(definition: TableDefinition) {
    this.#definition = definition;
    this.#writers = definition.columns.map(columnWriter);
    this.#lastBitmap = fullBitmap(definition.columns.length);
    this.whole = this.#make(this.#lastBitmap);
    this.#last = this.whole;
  }

  /**
   * The writer for images with the columns of the bitmap at `offset` of `event`, lowest bit first.
   */
  at(event: Buffer, offset: number): RowImageWriter {
    const last = this.#lastBitmap;
    for (let i = 0; i < last.length; i++) {
      if (event[offset + i] !== last[i]) {
        return this.#find(Buffer.from(event.subarray(offset, offset + last.length)));
      }
    }
    return this.#last;
  }

  #find(bitmap: Buffer): RowImageWriter {
    const name = bitmap.toString("latin1");
    let image = this.#byBitmap.get(name);
    if (image === undefined) {
      if (this.#byBitmap.size >= MOST_WRITERS) this.#byBitmap.clear();
      image = this.#make(bitmap);
      this.#byBitmap.set(name, image);
    }
    this.#lastBitmap = bitmap;
    this.#last = image;
    return image;
  }

  #make(bitmap: Buffer): RowImageWriter {
    const present = (column: number): boolean =>
      (bitmap.readUInt8(column >> 3) & (1 << (column & 7))) !== 0;
    return new RowImageWriter(
      this.#definition,
      this.#writers,
      present,
      imageProgram(this.#definition, this.#writers, present),
    );
  }
}

/**
 * A bitmap with a one for each column; like the server's, its bits behind the last column are zero.
 */
function fullBitmap(columns: number): Buffer {
  const bitmap = Buffer.alloc((columns + 7) >> 3, 0xff);
  if (columns % 8 !== 0) bitmap[bitmap.length - 1] = 0xff >> (8 - (columns % 8));
  return bitmap;
}
