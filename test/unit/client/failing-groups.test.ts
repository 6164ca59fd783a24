import { queryObjects } from "node:v8";
import { afterEach, expect, test, vi } from "vitest";
import { FailingGroups } from "../../../client/failing-groups.ts";

afterEach(() => void vi.useRealTimers());

/** The live memory, bytes. */
function heapBytes(): number {
  queryObjects(Map, { format: "count" }); // collects all garbage
  return process.memoryUsage().heapUsed;
}

test("where every message fails, the groups that failed long ago are forgotten", () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  const failing = new FailingGroups();
  const before = heapBytes();
  for (let number = 0; number < 50_000; number++) failing.add(`shop.orders:${number}`, 0);
  expect(failing.any()).toBe(true);
  vi.advanceTimersByTime(16 * 60_000);
  expect(failing.any()).toBe(true); // no message of this process was handled yet
  expect(heapBytes() - before).toBeLessThan(1_000_000);
});
