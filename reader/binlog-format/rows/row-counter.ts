import type { ColumnMetadata } from "./column-metadata.ts";
import { CorruptEventError, UnsupportedEventError } from "../errors.ts";
import { ImageLengths, storedLength } from "./image-lengths.ts";
import { readRowsHeader } from "./rows-header.ts";

/** A MINIMAL image may have any set of columns; this many are kept before all are dropped. */
const MOST_SETS = 256;

/**
 * Counts the rows in rows events of one table without decoding them. Make one for each table map
 * and keep it.
 */
export class RowCounter {
  readonly #lengths: readonly number[];
  readonly #byBitmap = new Map<string, ImageLengths>();

  /** Throws UnsupportedEventError for a column of a type that is not known. */
  constructor(columns: readonly ColumnMetadata[]) {
    this.#lengths = columns.map(storedLength);
  }

  /**
   * How many rows an event has, given with its header and without checksum. Where bytes are not
   * rows of this table, the rows in front of them count: the number depends on the event's bytes
   * alone, whoever reads them.
   */
  count(event: Buffer): number {
    try {
      const { columns, firstBitmap, secondBitmap, rows } = readRowsHeader(event);
      if (columns !== this.#lengths.length) return 0;
      const first = this.#imageOf(event, firstBitmap);
      return countRows(
        event,
        rows,
        first,
        secondBitmap < 0 ? null : this.#imageOf(event, secondBitmap),
      );
    } catch (error) {
      if (error instanceof CorruptEventError || error instanceof UnsupportedEventError) return 0;
      throw error;
    }
  }

  #imageOf(event: Buffer, offset: number): ImageLengths {
    const bitmap = event.toString("latin1", offset, offset + Math.ceil(this.#lengths.length / 8));
    let image = this.#byBitmap.get(bitmap);
    if (image === undefined) {
      const isPresent = (column: number): boolean =>
        ((event[offset + (column >> 3)] as number) & (1 << (column & 7))) !== 0;
      image = new ImageLengths(this.#lengths.filter((_, column) => isPresent(column)));
      if (this.#byBitmap.size >= MOST_SETS) this.#byBitmap.clear();
      this.#byBitmap.set(bitmap, image);
    }
    return image;
  }
}

function countRows(
  event: Buffer,
  start: number,
  first: ImageLengths,
  second: ImageLengths | null,
): number {
  // A row of which the image has no columns (MINIMAL, defaults only) takes no bytes: the server
  // writes one to an event.
  if (start === event.length) return first.isEmpty ? 1 : 0;
  let count = 0;
  let at = start;
  while (at < event.length) {
    let next = first.endOf(event, at);
    if (second !== null) next = second.endOf(event, next);
    if (!(next > at && next <= event.length)) break;
    at = next;
    count++;
  }
  return count;
}
