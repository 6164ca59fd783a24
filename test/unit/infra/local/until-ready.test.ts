import { spawnSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { lockFileIn, StackDirectory } from "../../../../infra/local/stack-file.ts";
import { untilReady } from "../../../../infra/local/until-ready.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "until-ready-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

test("waiting ends with a sentence when no npm start is ready in time", async () => {
  await expect(untilReady(directory, 300, () => undefined)).rejects.toThrow(
    `not ready after 0.3 s: no local stack is running (there is no ${join(directory, "stack.json")})`,
  );
});

test("waiting ends as soon as the npm start that it saw has ended", async () => {
  const stack = await StackDirectory.claim(directory);
  const waiting = untilReady(directory, 20_000, () => undefined);
  const ended = expect(waiting).rejects.toThrow("npm start ended before it was ready");
  setTimeout(() => void stack[Symbol.asyncDispose](), 500);
  await ended;
});

test("a wait for an npm start that nobody began says so once, also behind one that was killed", async () => {
  const { pid } = spawnSync("true");
  await writeFile(lockFileIn(directory), String(pid));
  const noneYet = vi.fn();
  await expect(untilReady(directory, 4000, noneYet)).rejects.toThrow("not ready after 4 s");
  expect(noneYet).toHaveBeenCalledTimes(1);
});

test("the lock of an npm start that was killed is not taken for one that ends", async () => {
  const { pid } = spawnSync("true");
  await writeFile(lockFileIn(directory), String(pid));
  const noneYet = vi.fn();
  const waiting = expect(untilReady(directory, 3500, noneYet)).rejects.toThrow("not ready after");
  await delay(500);
  await rm(lockFileIn(directory));
  await delay(500);
  const stack = await StackDirectory.claim(directory);
  await waiting;
  await stack[Symbol.asyncDispose]();
  expect(noneYet).not.toHaveBeenCalled();
});
