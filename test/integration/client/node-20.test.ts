import { build } from "esbuild";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { findNode } from "../../support/client/node-versions.ts";
import { run } from "../../support/client/run.ts";

let directory: string;
let node: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "binlog-router-node-20-"));
  node = await findNode(20, directory);
});

afterAll(() => rm(directory, { recursive: true }));

it("a receive does not leak memory on Node 20", async () => {
  const script = join(directory, "many-receives.mjs");
  await build({
    entryPoints: [fileURLToPath(new URL("../../support/client/many-receives.ts", import.meta.url))],
    outfile: script,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    banner: {
      js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
    },
  });
  const bytes = Number(await run(node, ["--expose-gc", script], { cwd: directory }));
  // With AbortSignal.any, each receive left 460 bytes.
  expect(bytes).toBeLessThan(50);
});

it("an example in TypeScript ends on Node 20 with the error that its page names", async () => {
  const examples = fileURLToPath(new URL("../../../examples", import.meta.url));
  const page = await readFile(join(examples, "README.md"), "utf8");
  const [, error = ""] = /Node 20 refuses them \(`(\w+)`\)/.exec(page) ?? [];
  expect(error).not.toBe("");
  await expect(run(node, ["plain-sdk.ts"], { cwd: examples })).rejects.toThrow(error);
});
