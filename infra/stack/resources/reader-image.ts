import { chmodSync, copyFileSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { REPOSITORY_ROOT } from "./repository-root.ts";

const DOCKERFILE_DIRECTORY = join(import.meta.dirname, "reader-image");

/** The folder with the Dockerfile only: enough for a template whose image nobody builds. */
export const UNBUNDLED_READER_IMAGE = DOCKERFILE_DIRECTORY;

/** Bundles `entry` (from the repository's root) beside its Dockerfile; returns the folder that the image is built from. */
export function bundleReaderImage(entry: string): string {
  const directory = join(REPOSITORY_ROOT, "dist", "reader-image");
  mkdirSync(directory, { recursive: true });
  copyFileSync(join(DOCKERFILE_DIRECTORY, "Dockerfile"), join(directory, "Dockerfile"));
  buildSync({
    absWorkingDir: REPOSITORY_ROOT,
    entryPoints: [entry],
    outfile: join(directory, "main.mjs"),
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node24",
    mainFields: ["module", "main"],
    sourcemap: true,
    sourcesContent: false,
    logLevel: "error",
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
  });
  // The image's user is another one: under a strict umask it could not read what was written here.
  for (const file of readdirSync(directory)) chmodSync(join(directory, file), 0o644);
  return directory;
}
