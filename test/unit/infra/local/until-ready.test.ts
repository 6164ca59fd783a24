import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { StackDirectory } from "../../../../infra/local/stack-file.ts";
import { untilReady } from "../../../../infra/local/until-ready.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "until-ready-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

test("waiting ends with a sentence when no npm start is ready in time", async () => {
  await expect(untilReady(directory, 300)).rejects.toThrow(
    `not ready after 0.3 s: no local stack is running (there is no ${join(directory, "stack.json")})`,
  );
});

test("waiting ends as soon as the npm start that it saw has ended", async () => {
  const stack = await StackDirectory.claim(directory);
  const waiting = untilReady(directory, 20_000);
  const ended = expect(waiting).rejects.toThrow("npm start ended before it was ready");
  setTimeout(() => void stack[Symbol.asyncDispose](), 500);
  await ended;
});
