import { binlogPosition, type Offset } from "../../reader/offsets/offset.ts";
import type { OffsetStore } from "../../reader/offsets/offset-store.ts";
import type { SessionsTable } from "../../reader/sessions/sessions-table.ts";
import type { BinlogPosition } from "../../reader/transactions/binlog-position.ts";

const EVERY_MS = 60_000;

/**
 * The reader's saved offset as a position. Before it, the reader has recorded every connection that
 * may write again.
 */
export class RecordedPosition {
  readonly #store: Pick<OffsetStore, "load">;
  readonly #first: Offset | null;
  #position: BinlogPosition | null;
  #nextMs = 0;

  /** `offset`: the offset in the binlog that is read; null when there is none. */
  constructor(store: Pick<OffsetStore, "load">, offset: Offset | null) {
    this.#store = store;
    this.#first = offset;
    this.#position = offset && binlogPosition(offset);
  }

  /** null when no saved offset belongs to the binlog that is read. */
  get position(): BinlogPosition | null {
    return this.#position;
  }

  /** Loads the offset, at most once a minute. */
  async refresh(): Promise<void> {
    const first = this.#first;
    if (first === null || performance.now() < this.#nextMs) return;
    this.#nextMs = performance.now() + EVERY_MS;
    const { offset } = await this.#store.load();
    const isSameLife =
      offset?.server === first.server && offset.epoch === first.epoch && offset.life === first.life;
    this.#position = isSameLife ? binlogPosition(offset) : null;
  }
}

/**
 * Finds what is recorded of connections. `make` creates a table, which caches what it has read. A
 * new one is created whenever the position has advanced, because the cache may be older.
 */
export function findRecorded(
  recorded: Pick<RecordedPosition, "position">,
  make: () => Pick<SessionsTable, "find">,
): SessionsTable["find"] {
  let { position } = recorded;
  let table = make();
  return (connections) => {
    if (recorded.position !== position) {
      ({ position } = recorded);
      table = make();
    }
    return table.find(connections);
  };
}
