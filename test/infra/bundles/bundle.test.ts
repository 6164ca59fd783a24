import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
