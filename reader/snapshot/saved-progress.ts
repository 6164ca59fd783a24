import type { SavedSnapshots, SnapshotProgress } from "../frames/snapshot-progress.ts";
import { SnapshotRefusedError } from "./errors.ts";
import type { RowNumbers } from "./row-numbers.ts";

/** The maximum size of the tables' names: DynamoDB's item, which has the offset, too, is 400 KB. */
const MOST_NAMES_BYTES = 100 << 10;

export interface SavedProgressOptions {
  /** The snapshots' state in the offset. */
  readonly savedSnapshots: () => SavedSnapshots | undefined;
  /** Changes that state, and resolves when it is saved. */
  readonly changeSnapshots: (
    change: (saved: SavedSnapshots | undefined) => SavedSnapshots,
  ) => Promise<void>;
  readonly numbers: RowNumbers;
}

/** The progress of each snapshot, as saved with the offset. */
export class SavedProgress {
  readonly #options: SavedProgressOptions;

  constructor(options: SavedProgressOptions) {
    this.#options = options;
  }

  of(id: string): SnapshotProgress | undefined {
    return this.#options.savedSnapshots()?.progress.find((progress) => progress.id === id);
  }

  /** Throws SnapshotRefusedError when the names of the tables do not fit beside those of others. */
  assertRoom(tables: readonly string[]): void {
    const others = (this.#options.savedSnapshots()?.progress ?? []).flatMap((each) => each.tables);
    const bytes = Buffer.byteLength(JSON.stringify([...others, ...tables]));
    if (bytes <= MOST_NAMES_BYTES) return;
    throw new SnapshotRefusedError(
      `The names of the ${tables.length} tables, with those of snapshots that are not complete, are longer than ${MOST_NAMES_BYTES >> 10} KB. Order snapshots of fewer tables, one after the other.`,
    );
  }

  /** Saves the progress of a snapshot that begins or continues. */
  async begin(begun: SnapshotProgress): Promise<void> {
    await this.#change((former) => [...former.filter(({ id }) => id !== begun.id), begun]);
  }

  async forget(id: string): Promise<void> {
    if (this.of(id) === undefined) return;
    await this.#change((former) => former.filter((progress) => progress.id !== id));
  }

  async #change(
    change: (former: readonly SnapshotProgress[]) => readonly SnapshotProgress[],
  ): Promise<void> {
    const { changeSnapshots, numbers } = this.#options;
    await changeSnapshots((saved) => ({
      numbers: numbers.free,
      progress: change(saved?.progress ?? []),
    }));
  }
}
