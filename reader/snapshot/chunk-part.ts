import type { RowsByKey } from "./chunk-window.ts";
import type { StreamPosition } from "./stream-position.ts";
import type { KeyRange } from "./table-key.ts";

/** What comes after rows that were handed over, until their chunk is complete. */
export type Following =
  /** The chunk's next rows are in memory: see `ChunkReader.part`. */
  | "part"
  /** Rows that were left out must be read again: see `ChunkReader.readAgain`. */
  | "again"
  /** Nothing: the chunk is complete. */
  | "nothing";

export type ChunkOutcome =
  | {
      readonly kind: "handed over";
      readonly range: KeyRange;
      readonly following: Following;
      /** The keys of rows that were left out so far and must be read again. */
      readonly again: ReadonlySet<string>;
    }
  /** Nothing was handed over, because the table's definition or too many rows changed meanwhile. */
  | { readonly kind: "spoiled"; readonly why: "definition" | "too much" };

/** Rows that are handed over together, and the chunk to which they belong. */
export interface ChunkPart {
  readonly rows: RowsByKey;
  readonly range: KeyRange;
  /** Whether these are the chunk's first rows. */
  readonly isFirst: boolean;
  readonly following: Following;
  /** The keys of rows that were left out so far and must be read again. */
  readonly again: ReadonlySet<string>;
}

/**
 * Called with rows at a place between two transactions; it must add them to the stream
 * synchronously.
 */
export type HandOver = (position: StreamPosition, part: ChunkPart) => void;

/** Takes the first rows away: at most `mostRows`, and about `mostBytes`. */
export function takePart(rows: RowsByKey, mostRows: number, mostBytes: number): RowsByKey {
  const part: RowsByKey = new Map();
  let bytes = 0;
  for (const [key, texts] of rows) {
    part.set(key, texts);
    rows.delete(key);
    bytes += texts.length;
    if (part.size >= mostRows || bytes >= mostBytes) break;
  }
  return part;
}
