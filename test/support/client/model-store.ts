import {
  type AnyPositionStore,
  DefaultPositionStore,
  type PositionMark,
} from "../../../client/position-store.ts";

/**
 * `memory`: each process has its own store and loses it when killed. `default`: the same, of the
 * library's own kind. `shared`: like DynamoDB.
 */
export type StoreKind = "memory" | "default" | "shared" | "transactional";

/** An open transaction. */
export interface Work {
  onCommit(effect: () => void): void;
}

/** One life of a process: its view of the store, and whether it was killed. */
export interface ProcessLife {
  readonly positions: AnyPositionStore<Work | undefined>;
  readonly killed: boolean;
  /** Ends this life: later calls fail, and work that is not committed is undone. */
  kill(): void;
}

/** The position stores of two processes. */
export class ModelStore {
  readonly kind: StoreKind;
  /** Whether the store cannot be reached. */
  away = false;
  #positions = [new Map<string, string>(), new Map<string, string>()];
  readonly #locks = new Map<string, Promise<void>>();

  constructor(kind: StoreKind) {
    this.kind = kind;
  }

  /** Whether each process has a store of its own. */
  get isOwn(): boolean {
    return this.kind === "memory" || this.kind === "default";
  }

  process(number: number): ProcessLife {
    const index = this.isOwn ? number : 0;
    let killed = false;
    const kill = (): void => {
      killed = true;
      if (this.isOwn) this.#positions[index] = new Map();
    };
    const map = this.#positions[index] ?? new Map<string, string>();
    const reach = (): void => {
      if (killed || this.away) throw new Error("no store");
    };
    const load = async (key: string): Promise<string | undefined> => {
      await Promise.resolve();
      reach();
      return map.get(key);
    };
    const save = async (key: string, position: string): Promise<void> => {
      await Promise.resolve();
      reach();
      advance(map, key, position);
    };
    const transact = (
      marks: readonly PositionMark[],
      work: (transaction: Work) => Promise<void>,
    ): Promise<void> => this.#transact(map, marks, work, reach);
    const saving = { load, save };
    const positions =
      this.kind === "transactional"
        ? { load, transact }
        : this.kind === "default"
          ? Object.assign(new DefaultPositionStore(), saving)
          : saving;
    return {
      positions,
      kill,
      get killed() {
        return killed;
      },
    };
  }

  forget(): void {
    for (const map of this.#positions) {
      const [oldest] = map.keys();
      if (oldest !== undefined) map.delete(oldest);
    }
  }

  /** Locks one key after the other until the end, as a database does. */
  async #transact(
    map: Map<string, string>,
    marks: readonly PositionMark[],
    work: (transaction: Work) => Promise<void>,
    reach: () => void,
  ): Promise<void> {
    const ended = Promise.withResolvers<void>();
    const effects: (() => void)[] = [];
    const moved: PositionMark[] = [];
    try {
      for (const mark of marks) {
        while (this.#locks.has(mark.key)) await this.#locks.get(mark.key);
        this.#locks.set(mark.key, ended.promise);
        moved.push(mark);
        reach();
        if ((map.get(mark.key) ?? "") >= mark.position) {
          moved.pop();
          this.#locks.delete(mark.key);
          return commit(moved);
        }
      }
      await work({ onCommit: (effect) => void effects.push(effect) });
      reach();
      commit(moved);
      for (const effect of effects) effect();
    } finally {
      for (const { key } of moved) this.#locks.delete(key);
      ended.resolve();
    }

    function commit(committed: readonly PositionMark[]): void {
      for (const { key, position } of committed) advance(map, key, position);
    }
  }
}

function advance(map: Map<string, string>, key: string, position: string): void {
  if ((map.get(key) ?? "") < position) map.set(key, position);
}
