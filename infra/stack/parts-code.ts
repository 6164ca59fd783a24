import { join } from "node:path";

/** Folders with the parts' bundled code. */
export interface PartsCode {
  /** `Dockerfile` and the files that it copies. */
  readonly reader: string;
  /** `index.mjs`, which exports `handler`. */
  readonly route: string;
  readonly retry: string;
  readonly canary: string;
}

/**
 * The bundles inside the npm package. A checkout has none there; its code comes from
 * `infra/bundles/`.
 */
export const PACKAGED_CODE: PartsCode = partsCode(join(import.meta.dirname, "../../code"));

/** The parts' folders inside a common folder. */
export function partsCode(folder: string): PartsCode {
  return {
    reader: join(folder, "reader"),
    route: join(folder, "route"),
    retry: join(folder, "retry"),
    canary: join(folder, "canary"),
  };
}
