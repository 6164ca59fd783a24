/** How far one snapshot is: what was handed over and acknowledged. It goes on behind `lastKey`. */
export interface SnapshotProgress {
  /** The order's. */
  readonly id: string;
  /** `database.table` each, in their order. */
  readonly tables: readonly string[];
  /** Which of them is being read; their number when all are complete. */
  readonly tableIndex: number;
  /** The columns of the key that `lastKey` belongs to; "" before the table's first chunk. */
  readonly keyName: string;
  /** The key of the last row that was read; null: none yet. */
  readonly lastKey: readonly string[] | null;
  /** Rows of the present table, and of all together. */
  readonly rowsOfTable: number;
  readonly rows: number;
  readonly chunks: number;
  readonly rereads: number;
}

/**
 * A row number at a place between two transactions: no row of a snapshot has it or a greater one
 * there.
 */
export interface FreeNumber {
  readonly file: string;
  readonly offset: number;
  readonly next: number;
}

/** What the offset says of snapshots. */
export interface SavedSnapshots {
  readonly numbers: FreeNumber;
  /** Of each that was begun and is not over. */
  readonly progress: readonly SnapshotProgress[];
}

/** What a chunk that was acknowledged changes in it. */
export interface SnapshotStep {
  readonly numbers: FreeNumber;
  readonly progress: SnapshotProgress;
}

/** `saved` after a step. A snapshot whose tables are all complete is in it no more. */
export function afterStep(
  saved: SavedSnapshots | undefined,
  { numbers, progress }: SnapshotStep,
): SavedSnapshots {
  const others = (saved?.progress ?? []).filter(({ id }) => id !== progress.id);
  const isOver = progress.tableIndex >= progress.tables.length;
  return { numbers, progress: isOver ? others : [...others, progress] };
}
