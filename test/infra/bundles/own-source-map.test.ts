import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { decode } from "@jridgewell/sourcemap-codec";
import { buildSync } from "esbuild";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ownSourceMap } from "../../../infra/bundles/own-source-map.ts";

const LIBRARY = "export function calls(act) {\n  return act();\n}\n";
/** Stands before the library in the bundle. */
const FIRST = 'export const text = "ours";\n';
const OWN = `import { text } from "./first.ts";
import { calls } from "library";
export function fails(): never {
  return calls(() => {
    throw new Error(text);
  });
}
try {
  fails();
} catch (error) {
  console.log((error as Error).stack);
}
`;

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "own-source-map-"));
  const library = join(directory, "node_modules/library");
  await mkdir(library, { recursive: true });
  await writeFile(join(library, "package.json"), '{ "type": "module", "main": "index.js" }');
  await writeFile(join(library, "index.js"), LIBRARY);
  await writeFile(join(directory, "first.ts"), FIRST);
  await writeFile(join(directory, "own.ts"), OWN);
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** Makes `out.mjs`, on one line or on many, and returns its map. */
async function bundled(minifyWhitespace: boolean): Promise<string> {
  buildSync({
    absWorkingDir: directory,
    entryPoints: ["own.ts"],
    outfile: join(directory, "out.mjs"),
    bundle: true,
    platform: "node",
    format: "esm",
    minifyWhitespace,
    sourcemap: true,
    sourcesContent: false,
  });
  const map = join(directory, "out.mjs.map");
  const own = ownSourceMap(await readFile(map, "utf8"));
  await writeFile(map, own);
  return own;
}

it.each([
  ["one line", true],
  ["many lines", false],
])("names our places in a stack trace, and a library's as the bundle's: %s", async (_, minify) => {
  await bundled(minify);
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, ["--enable-source-maps", "out.mjs"], {
    cwd: directory,
  });
  const places = stdout.match(/[^/ (]+:\d+:\d+/g) ?? [];
  // The library's second line called the one that throws; its place is that in the bundle.
  expect(places.slice(0, 4)).toEqual([
    "own.ts:5:5",
    expect.stringMatching(/^out\.mjs:\d+:\d+$/),
    "own.ts:4:3",
    "own.ts:9:3",
  ]);
});

it("has no place of a library, and one of each line of ours", async () => {
  const map = JSON.parse(await bundled(true)) as {
    readonly sources: readonly string[];
    readonly mappings: string;
  };
  expect(map.sources).toEqual(["first.ts", "own.ts"]);
  const places = decode(map.mappings).flat();
  const lines = places.flatMap(([, source, line]) =>
    source === undefined || line === undefined ? [] : [`${map.sources[source]}:${line + 1}`],
  );
  expect(lines).toEqual([
    "first.ts:1",
    ...[3, 4, 5, 6, 7, 8, 9, 10, 11, 12].map((line) => `own.ts:${line}`),
  ]);
});
