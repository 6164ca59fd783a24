import { join } from "node:path";
import { compileCache } from "../../infra/local/process/compile-cache.ts";

/** The reader as Node runs it. */
export interface ReaderProgram {
  /** The path of its main module. */
  readonly main: string;
  readonly environment: { readonly NODE_COMPILE_CACHE: string };
}

/** For a reader with a module of a test's, which finds the reader's classes only here. */
export const SOURCES: ReaderProgram = {
  main: join(import.meta.dirname, "../../reader/main.ts"),
  environment: compileCache(),
};

/** The bundle that `prepare-reader.ts` has made; outside of the tests, the sources. */
export function deployedReader(): ReaderProgram {
  const folder = process.env["READER_BUNDLE"];
  if (folder === undefined) return SOURCES;
  return {
    main: join(folder, "main.mjs"),
    environment: { NODE_COMPILE_CACHE: join(folder, "compiled") },
  };
}
