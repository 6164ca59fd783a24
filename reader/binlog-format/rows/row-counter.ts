import type { ColumnMetadata } from "./column-metadata.ts";
import { CorruptEventError, UnsupportedEventError } from "../errors.ts";
import { ImageLengths, storedLength } from "./image-lengths.ts";
import { readRowsHeader } from "./rows-header.ts";

/** MINIMAL images can have any set of columns. The cache is cleared when it has this many sets. */
const MOST_SETS = 256;

/**
 * Counts the rows in rows events of one table without decoding them. Create one for each table map
 * and reuse it.
 */
export class RowCounter {
  readonly #lengths: readonly number[];
  readonly #byBitmap = new Map<string, ImageLengths>();

  /** Throws UnsupportedEventError for a column of unknown type. */
  constructor(columns: readonly ColumnMetadata[]) {
    this.#lengths = columns.map(storedLength);
  }

  /**
   * The number of rows in the event in `event` from `start` to `end`, with header, without
   * checksum. If some bytes are not rows of this table, only the rows before them count. So the
   * number depends only on the event's bytes, and is the same for every reader.
   */
  count(event: Buffer, start = 0, end = event.length): number {
    try {
      const { columns, firstBitmap, secondBitmap, rows } = readRowsHeader(event, start, end);
      if (columns !== this.#lengths.length) return 0;
      const first = this.#imageOf(event, firstBitmap);
      return countRows(
        event,
        rows,
        end,
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
  end: number,
  first: ImageLengths,
  second: ImageLengths | null,
): number {
  // A row whose image has no columns (MINIMAL, only defaults) takes no bytes. The server writes one
  // such row per event.
  if (start === end) return first.isEmpty ? 1 : 0;
  let count = 0;
  let at = start;
  while (at < end) {
    let next = first.endOf(event, at);
    if (second !== null) next = second.endOf(event, next);
    if (!(next > at && next <= end)) break;
    at = next;
    count++;
  }
  return count;
}
