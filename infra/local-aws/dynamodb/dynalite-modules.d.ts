declare module "dynalite/db/index.js" {
  /** The tables, and what the actions need beside them. */
  export interface Store {
    readonly lifecycleManager: {
      /** Waits for the operations under way, then closes the files. */
      gracefulClose(): Promise<void>;
    };
  }

  /** `path`: the directory of a LevelDB; left out: in memory. */
  export function create(options: {
    readonly path?: string;
    readonly createTableMs: number;
    readonly deleteTableMs: number;
    readonly updateTableMs: number;
  }): Store;
}

declare module "dynalite/validations/index.js" {
  import type { Store } from "dynalite/db/index.js";

  /** Returns a copy without unknown members, which it also deletes from `data`. */
  export function checkTypes(data: object, types: object): object;

  /** `custom`: the rules of one action. */
  export function checkValidations(
    data: object,
    types: object,
    custom: object | undefined,
    store: Store,
  ): void;
}
