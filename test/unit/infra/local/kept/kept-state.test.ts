import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { KeptState } from "../../../../../infra/local/kept/kept-state.ts";
import { KeptStateError } from "../../../../../infra/local/request/refusal.ts";

const PORTS = [1, 2, 3, 4, 5, 6, 7];

async function stateDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "kept-state-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  return directory;
}

test("a start has the kept passwords and ports; --password replaces a kept password", async () => {
  const directory = await stateDirectory();
  const first = await KeptState.open(directory, "db:3306");
  expect([first.isFirst, first.ports]).toEqual([true, []]);
  const password = first.password("a@%");
  first.password("b@%", "wanted");
  await first.complete(PORTS);
  const second = await KeptState.open(directory, "db:3306");
  expect([second.isFirst, second.starts, second.ports]).toEqual([false, 1, PORTS]);
  expect([second.password("a@%"), second.password("b@%")]).toEqual([password, "wanted"]);
});

test("a start that did not become ready keeps no state", async () => {
  const directory = await stateDirectory();
  const first = await KeptState.open(directory, "db:3306");
  await mkdir(first.dataDirectory);
  expect((await KeptState.open(directory, "db:3306")).isFirst).toBe(true);
  expect(existsSync(first.dataDirectory)).toBe(false);
});

test("a start refuses the state of another server, and a state that cannot be read", async () => {
  const directory = await stateDirectory();
  const first = await KeptState.open(directory, "db:3306");
  await first.complete(PORTS);
  await expect(KeptState.open(directory, "db:3307")).rejects.toThrow(
    new KeptStateError(
      `${first.path} holds the state of db:3306, not of db:3307; name another directory with --state, or remove this one`,
    ),
  );
  for (const text of ["{", "{}"]) {
    await writeFile(join(first.path, "start.json"), text);
    await expect(KeptState.open(directory, "db:3306")).rejects.toThrow(KeptStateError);
  }
});
