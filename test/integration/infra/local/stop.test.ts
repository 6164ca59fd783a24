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

/** How often Ctrl-C is pressed; the nightly workflow asks for 50. */
const PRESSES = Number(process.env["CTRL_C_PRESSES"] ?? 2);
const PATIENCE = { timeout: 60_000, interval: 20 };

test(
  `Ctrl-C in a terminal, ${PRESSES} times: exit code 0 and nothing left`,
  async () => {
    const { url, administrator } = await givenServer();
    const before = await objectsOf(administrator);
    for (let press = 0; press < PRESSES; press++) {
      // By turns a demonstration on a server that goes on afterwards, and a server that ends with
      // the stack.
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
  // npm answers the signal that it got itself with 128 + 15.
  expect([0, 143]).toContain(await expectNothingLeft(start, directory, stack));
  expect(await objectsOf(administrator)).toEqual(before);
});

/** A start that is ready, with a state directory of its own; both end with the test. */
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

/** Returns the exit code. */
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
