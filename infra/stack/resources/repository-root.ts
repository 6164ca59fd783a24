import { join } from "node:path";

/** The folder with package.json, `functions/` and `reader/`. */
export const REPOSITORY_ROOT: string = join(import.meta.dirname, "../../..");
