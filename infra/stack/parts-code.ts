import { join } from "node:path";

/** Folders with the bundled code of the parts, as they are deployed. */
export interface PartsCode {
  /** `Dockerfile` and what it copies. */
  readonly reader: string;
  /** `index.mjs`, which exports `handler`. */
  readonly route: string;
  readonly retry: string;
  readonly canary: string;
}

/**
 * The bundles inside the npm package, beside its modules. A checkout has none there:
 * `infra/bundles/` makes its own.
 */
export const PACKAGED_CODE: PartsCode = partsCode(join(import.meta.dirname, "../../code"));

/** The folders of the parts in one that has them all. */
export function partsCode(folder: string): PartsCode {
  return {
    reader: join(folder, "reader"),
    route: join(folder, "route"),
    retry: join(folder, "retry"),
    canary: join(folder, "canary"),
  };
}
