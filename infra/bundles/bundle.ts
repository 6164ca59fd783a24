import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { partsCode, type PartsCode } from "../stack/parts-code.ts";
import { REPOSITORY_ROOT } from "../stack/resources/repository-root.ts";
import { ownSourceMap } from "./own-source-map.ts";

/** The folder with the reader's Dockerfile. */
export const READER_IMAGE = join(import.meta.dirname, "reader-image");

/** The bundles' folders in a template that is never deployed. */
export const UNBUNDLED: PartsCode = {
  reader: READER_IMAGE,
  route: READER_IMAGE,
  retry: READER_IMAGE,
  canary: READER_IMAGE,
};

/**
 * Bundles reader and functions, each as one ES module with a source map, into folders of `folder`.
 */
export function bundleParts(folder: string): PartsCode {
  const code = partsCode(folder);
  rmSync(folder, { recursive: true, force: true });
  bundleReader(code.reader);
  copyFileSync(join(READER_IMAGE, "Dockerfile"), join(code.reader, "Dockerfile"));
  for (const part of ["route", "retry", "canary"] as const)
    bundle(`functions/main/${part}.ts`, code[part], "index.mjs");
  for (const directory of Object.values(code)) letEverybodyRead(directory);
  return code;
}

/** Bundles the reader into `main.mjs` of a folder. */
export function bundleReader(directory: string): void {
  bundle("reader/main.ts", directory, "main.mjs");
}

function bundle(entry: string, directory: string, file: string): void {
  mkdirSync(directory, { recursive: true });
  const outfile = join(directory, file);
  buildSync({
    absWorkingDir: REPOSITORY_ROOT,
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node24",
    mainFields: ["module", "main"],
    alias: { "node:http": NODE_HTTP },
    // A single character beyond Latin-1, in a comment, doubles the memory of the whole text.
    minifyWhitespace: true,
    sourcemap: true,
    sourcesContent: false,
    logLevel: "warning",
    banner: { js: REQUIRE_FOR_COMMONJS },
  });
  const map = `${outfile}.map`;
  writeFileSync(map, ownSourceMap(readFileSync(map, "utf8")));
}

const NODE_HTTP = join(import.meta.dirname, "node-http.cjs");

/** CommonJS dependencies inside an ES module call `require`. */
const REQUIRE_FOR_COMMONJS =
  "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

/**
 * Makes the files readable for all: Lambda and the image run as other users, which could not read
 * them after a strict umask.
 */
function letEverybodyRead(directory: string): void {
  chmodSync(directory, 0o755);
  for (const file of readdirSync(directory)) chmodSync(join(directory, file), 0o644);
}
