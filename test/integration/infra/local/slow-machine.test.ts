import { setTimeout as delay } from "node:timers/promises";
import { expect, onTestFinished, test, vi } from "vitest";
import { startRouter } from "../../../support/client/router.ts";
import { binlogRouterOn } from "../../../support/operator.ts";
import { EnvironmentQueues } from "../../../support/start/environment-queues.ts";
import { startProcess } from "../../../support/start/local-stack.ts";

/** Longer than the deployed route function waits for any queue. */
const STAND_STILL_MS = 1500;
const ROWS = 30_000;

/** Stops the stand-ins' process for a while, as other load on the machine does. */
async function standStill(pid: number): Promise<void> {
  process.kill(pid, "SIGSTOP");
  await delay(STAND_STILL_MS);
  process.kill(pid, "SIGCONT");
}

test("no queue is parked when the stand-ins stand still in the middle of a large transaction", async () => {
  await using router = await startRouter({ billing: { tables: ["shop.*"] } });
  const { stack } = router;
  await using connection = await router.connectAs("staging");
  await connection.query("CREATE TABLE large (id INT PRIMARY KEY, text CHAR(100))");
  using queues = new EnvironmentQueues(stack);
  await connection.beginTransaction();
  for (let first = 0; first < ROWS; first += 1000) {
    const rows = Array.from({ length: 1000 }, (_, n) => [first + n, "x".repeat(100)]);
    await connection.query("INSERT INTO large VALUES ?", [rows]);
  }
  await connection.commit();

  // Frames are sent one after the other, so each pause falls into the sends of another frame.
  for (let n = 0; n < 4; n++) {
    const before = queues.taken.length;
    await vi.waitUntil(() => queues.taken.length > before, { timeout: 60_000, interval: 1 });
    await standStill(stack.processes["main"] ?? 0);
  }
  const isThere = () => queues.taken.length > ROWS;
  await vi.waitUntil(isThere, { timeout: 60_000, interval: 50 }).catch(() => undefined);
  const { out } = await binlogRouterOn(stack, "failures", "list", "--json");
  expect(JSON.parse(out)).toEqual([]);
  const received = queues.of("staging", "billing").filter(({ change }) => change.op === "c");
  expect(received.map(({ change }) => change.after?.["id"])).toEqual(
    Array.from({ length: ROWS }, (_, n) => n),
  );
});

test("the demonstration's verdict names the slow machine, and no fault of the router", async () => {
  const start = startProcess(["--duration", "6"]);
  onTestFinished(() => start[Symbol.asyncDispose]());
  await start.ready();
  await delay(1000);
  await standStill(start.pid);
  const { code, output } = await start.ended;
  expect(output).toContain(
    "Every environment received its own changes, each once, and nothing else.",
  );
  expect(output).toMatch(/Note: this machine is slow: the stand-ins for AWS did nothing for \d/);
  expect(code).toBe(0);
});
