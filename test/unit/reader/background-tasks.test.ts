import { execFile } from "node:child_process";
import { setImmediate as turn, setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { runTasks } from "../../../reader/background-tasks.ts";

const MODULE = new URL("../../../reader/background-tasks.ts", import.meta.url).href;

test("tasks that have ended leave no timer that would keep the reader's process running", async () => {
  const program = `
    import { runTasks } from ${JSON.stringify(MODULE)};
    const stop = new AbortController();
    let done = 0;
    const act = async () => void (++done === 3 && stop.abort());
    await runTasks([{ everyMs: 1, act }], [], stop.signal, () => undefined);
    console.log(JSON.stringify(process.getActiveResourcesInfo().filter((kind) => kind === "Timeout")));
  `;
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", program]);
  expect(JSON.parse(stdout)).toEqual([]);
});

test("a failure ends the tasks, is told at once, and is passed on", async () => {
  const told: unknown[] = [];
  const failure = new Error("the dump ended");
  const broken = Promise.reject(failure);
  let done = 0;
  const tasks = [{ everyMs: 1, act: async () => void done++ }];
  const running = runTasks(tasks, [broken], new AbortController().signal, (error) =>
    told.push(error),
  );
  await expect(running).rejects.toThrow(failure);
  expect(told).toEqual([failure]);
  const then = done;
  await delay(20);
  expect(done).toBe(then);
});

test("runTasks waits for a task that is running", async () => {
  const stop = new AbortController();
  const saving = Promise.withResolvers<void>();
  let isOver = false;
  const running = runTasks(
    [{ everyMs: 1, act: () => saving.promise }],
    [],
    stop.signal,
    () => undefined,
  ).then(() => (isOver = true));
  stop.abort();
  await turn();
  expect(isOver).toBe(false);
  saving.resolve();
  await running;
});
