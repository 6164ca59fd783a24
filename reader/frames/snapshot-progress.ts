/**
 * The progress of one snapshot, up to the last acknowledged chunk. The snapshot continues behind
 * `lastKey`.
 */
export interface SnapshotProgress {
  /** The id of the snapshot's order. */
  readonly id: string;
  /** `database.table` each, in the order in which they are read. */
  readonly tables: readonly string[];
  /** The index of the table that is being read; the number of tables when all are complete. */
  readonly tableIndex: number;
  /** The name of the key of `lastKey` (`TableKey`); "" before the table's first chunk. */
  readonly keyName: string;
  /** The key of the last row that was read; null before the first row. */
  readonly lastKey: readonly string[] | null;
  /** The rows read of the present table (`rowsOfTable`) and of all tables (`rows`). */
  readonly rowsOfTable: number;
  readonly rows: number;
  /** The number of complete chunks, and of the parts in which rows were handed over. */
  readonly chunks: number;
  readonly parts: number;
  readonly rereads: number;
}

/**
 * A position between two transactions, and the first row number there that no snapshot row uses.
 */
export interface FreeNumber {
  readonly file: string;
  readonly offset: number;
  readonly next: number;
}

/** The state of the snapshots, as saved with the offset. */
export interface SavedSnapshots {
  readonly numbers: FreeNumber;
  /** The progress of each snapshot that has begun and is not complete. */
  readonly progress: readonly SnapshotProgress[];
}

/** The new state of a snapshot after an acknowledged chunk. */
export interface SnapshotStep {
  readonly numbers: FreeNumber;
  readonly progress: SnapshotProgress;
}

/** `saved` after a step; without the snapshot when all its tables are complete. */
export function afterStep(
  saved: SavedSnapshots | undefined,
  { numbers, progress }: SnapshotStep,
): SavedSnapshots {
  const others = (saved?.progress ?? []).filter(({ id }) => id !== progress.id);
  const isOver = progress.tableIndex >= progress.tables.length;
  return { numbers, progress: isOver ? others : [...others, progress] };
}
