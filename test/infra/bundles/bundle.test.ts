import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { expect, it } from "vitest";
import { bundleParts } from "../../../infra/bundles/bundle.ts";

it("bundles no import of node:http, which would load Node's fetch and WebSocket", async () => {
  const directory = await mkdtemp(join(tmpdir(), "bundles-"));
  try {
    const { reader, route, retry, canary } = bundleParts(directory);
    const functions = [route, retry, canary].map((folder) => join(folder, "index.mjs"));
    for (const file of [join(reader, "main.mjs"), ...functions]) {
      const text = await readFile(file, "utf8");
      expect(text).toContain('getBuiltinModule("node:http")');
      expect(text.match(/\b(?:from|import\(?)\s*"(?:node:)?http"/g)).toBeNull();
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});

it("gives a dependency all names of node:http", async () => {
  const { outputFiles } = buildSync({
    stdin: {
      contents: `import http, { Agent } from "node:http";
        const { request } = await import("node:http");
        const same = [Agent === http.Agent, request === http.request];
        export const found = [typeof Agent, typeof request, ...same];`,
    },
    alias: { "node:http": join(import.meta.dirname, "../../../infra/bundles/node-http.cjs") },
    bundle: true,
    write: false,
    platform: "node",
    format: "esm",
  });
  const program = encodeURIComponent(outputFiles[0]?.text ?? "");
  const module: unknown = await import(`data:text/javascript,${program}`);
  expect(module).toMatchObject({ found: ["function", "function", true, true] });
});
