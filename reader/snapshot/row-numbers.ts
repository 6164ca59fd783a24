import type { FreeNumber } from "../frames/snapshot-progress.ts";
import type { StreamPosition } from "./stream-position.ts";

/** More than the number of rows between two saves of the offset, see `MOST_UNSAVED`. */
const GAP = 10_000_000;
/** The maximum number of rows that are handed over before the offset is saved again. */
export const MOST_UNSAVED = 5_000_000;
/** The limit for row numbers; a position has ten digits for them. */
const MOST_NUMBER = 9_000_000_000;

type FileAndOffset = Pick<FreeNumber, "file" | "offset">;

/**
 * Numbers the snapshot rows that are handed over at one place in the stream, so that positions
 * always increase. The route function drops everything that is not behind the last delivered
 * position, so no number may be used twice, even by an attempt that knows only the last saved state
 * of the previous one.
 *
 * Every place of an earlier attempt lies at or before the end of the binlog when this attempt
 * begins. At that end, numbering starts with a gap for rows handed over since the last save; at
 * later places it starts with 0.
 */
export class RowNumbers {
  #position: FileAndOffset;
  #next: number;

  private constructor(first: FreeNumber) {
    this.#position = first;
    this.#next = first.next;
  }

  /**
   * `saved`: the state that the previous attempt saved. `file`, `offset`: the end of the binlog.
   */
  static begin(saved: FreeNumber | undefined, { file, offset }: FileAndOffset): RowNumbers {
    const isSame = saved !== undefined && saved.file === file && saved.offset === offset;
    return new RowNumbers({ file, offset, next: (isSame ? saved.next : 0) + GAP });
  }

  /** The state to save. */
  get free(): FreeNumber {
    const { file, offset } = this.#position;
    return { file, offset, next: this.#next };
  }

  /** Returns the number of the next row at a place, which must not lie before the last one. */
  take({ file, offset }: StreamPosition): number {
    if (this.#position.file !== file || this.#position.offset !== offset) {
      this.#position = { file, offset };
      this.#next = 0;
    }
    return this.#next++;
  }

  /**
   * Whether a place has numbers for this many rows. A new place, behind the next transaction,
   * always has.
   */
  hasRoom({ file, offset }: StreamPosition, rows: number): boolean {
    const isSame = this.#position.file === file && this.#position.offset === offset;
    return !isSame || this.#next + rows < MOST_NUMBER;
  }
}
