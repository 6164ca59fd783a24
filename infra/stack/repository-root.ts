import { dirname } from "node:path";

/** The folder with package.json, `functions/` and `reader/`. */
export const REPOSITORY_ROOT: string = dirname(dirname(import.meta.dirname));
