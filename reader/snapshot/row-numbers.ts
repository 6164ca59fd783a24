import type { FreeNumber } from "../frames/snapshot-progress.ts";
import type { Place } from "./chunk-reader.ts";

/** More rows than are ever handed over between two saves of the offset, see `MOST_UNSAVED`. */
const GAP = 10_000_000;
/** Rows that may be handed over before the offset is saved again. */
export const MOST_UNSAVED = 5_000_000;
/** A position has room for ten digits. */
const MOST_NUMBER = 9_000_000_000;

type PlaceName = Pick<FreeNumber, "file" | "offset">;

/**
 * Numbers the rows of snapshots that are handed over at one place in the stream: each has a greater
 * position than all before it. The route function drops what is not behind the last position that
 * was delivered, so that a number is used once only, also by an attempt that knows of an earlier
 * one no more than what was saved last.
 *
 * Every place of an earlier attempt lies at or before the end of the binlog when this one begins.
 * There it begins with a number that leaves room for what was handed over since the last save; at a
 * later place it begins with 0.
 */
export class RowNumbers {
  #place: PlaceName;
  #next: number;

  private constructor(first: FreeNumber) {
    this.#place = first;
    this.#next = first.next;
  }

  /** `saved`: by the attempt before. `end`: where the binlog ends. */
  static begin(saved: FreeNumber | undefined, { file, offset }: PlaceName): RowNumbers {
    const isSame = saved !== undefined && saved.file === file && saved.offset === offset;
    return new RowNumbers({ file, offset, next: (isSame ? saved.next : 0) + GAP });
  }

  /** What is to be saved. */
  get free(): FreeNumber {
    const { file, offset } = this.#place;
    return { file, offset, next: this.#next };
  }

  /** The next row's number at a place that is not before the last one. */
  take({ file, offset }: Place): number {
    if (this.#place.file !== file || this.#place.offset !== offset) {
      this.#place = { file, offset };
      this.#next = 0;
    }
    return this.#next++;
  }

  /**
   * Whether a place has room for so many rows; it always has once the next transaction is behind
   * it.
   */
  hasRoom({ file, offset }: Place, rows: number): boolean {
    const isSame = this.#place.file === file && this.#place.offset === offset;
    return !isSame || this.#next + rows < MOST_NUMBER;
  }
}
