import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { RowDataPacket } from "mysql2";
import { createConnection, type Connection } from "mysql2/promise";
import { expect, onTestFinished, test, vi } from "vitest";
import { startMysqlServer } from "../../../../infra/local/mysql/start-mysql-server.ts";
import { isAlive, readStackFile, type StackFile } from "../../../../operator/shared/stack-file.ts";
import { running } from "../../../support/start/local-stack.ts";
import {
  npmStartInGroup,
  npmStartInTerminal,
  type NpmStart,
} from "../../../support/start/npm-in-terminal.ts";

/** The number of runs stopped by Ctrl-C; the nightly workflow uses 50. */
const PRESSES = Number(process.env["CTRL_C_PRESSES"] ?? 2);
const PATIENCE = { timeout: 60_000, interval: 20 };

test(
  `Ctrl-C in a terminal, ${PRESSES} times: exit code 0 and nothing left`,
  async () => {
    const { url, administrator } = await givenServer();
    const before = await objectsOf(administrator);
    for (let press = 0; press < PRESSES; press++) {
      // The runs alternate between a demonstration on a given server, which keeps running, and a
      // server that stops with the stack.
      const options = press % 2 === 0 ? ["--mysql", url] : ["--no-demo"];
      const pauseMs = Math.random() * 500;
      console.info(`press ${press}: ${options[0]}, ${pauseMs.toFixed(0)} ms after the start`);
      const { start, directory, stack } = await readyStart(npmStartInTerminal, options);
      await delay(pauseMs);
      start.pressCtrlC();
      expect(await expectNothingLeft(start, directory, stack)).toBe(0);
      expect(await objectsOf(administrator)).toEqual(before);
    }
  },
  60_000 * PRESSES,
);

test("SIGTERM to the whole process group: nothing left", async () => {
  const { url, administrator } = await givenServer();
  const before = await objectsOf(administrator);
  const { start, directory, stack } = await readyStart(npmStartInGroup, ["--mysql", url]);
  start.signalGroup("SIGTERM");
  // When npm itself receives the signal, it exits with 128 + 15.
  expect([0, 143]).toContain(await expectNothingLeft(start, directory, stack));
  expect(await objectsOf(administrator)).toEqual(before);
});

/** A start that is ready, with a new state directory. The test's end removes both. */
async function readyStart(
  npmStart: (options: readonly string[]) => NpmStart,
  options: readonly string[],
) {
  const directory = await mkdtemp(join(tmpdir(), "npm-start-"));
  const start = npmStart(["--state", directory, ...options]);
  onTestFinished(async () => {
    if (isAlive(start.pid)) start.signalGroup("SIGKILL");
    await start.ended;
    await rm(directory, { recursive: true, force: true });
  });
  const file = join(directory, "stack.json");
  await Promise.race([
    vi.waitUntil(() => existsSync(file), PATIENCE),
    start.ended.then(({ output }) => Promise.reject(new Error(output))),
  ]);
  return { start, directory, stack: await readStackFile(file) };
}

/** Checks that no process runs and only the logs are left. Returns the exit code. */
async function expectNothingLeft(
  start: NpmStart,
  directory: string,
  { processes }: StackFile,
): Promise<number | null> {
  const { code, output } = await start.ended;
  expect(output).not.toContain("ended at once");
  await vi.waitUntil(() => running(Object.values(processes)).length === 0, PATIENCE);
  expect(await readdir(directory)).toEqual(["log"]);
  return code;
}

async function givenServer(): Promise<{ url: string; administrator: Connection }> {
  const server = await startMysqlServer();
  onTestFinished(() => server[Symbol.asyncDispose]());
  const { host, port, user, password } = server;
  const administrator = await createConnection({ host, port, user, password });
  onTestFinished(() => administrator.end());
  return { url: `mysql://${user}:${encodeURIComponent(password)}@${host}:${port}`, administrator };
}

/** The accounts and databases of a server. */
async function objectsOf(administrator: Connection): Promise<unknown[]> {
  const [accounts] = await administrator.query<RowDataPacket[]>(
    "SELECT user, host FROM mysql.user ORDER BY user, host",
  );
  const [databases] = await administrator.query<RowDataPacket[]>("SHOW DATABASES");
  return [accounts, databases];
}
