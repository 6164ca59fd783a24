import { afterEach, expect, test, vi } from "vitest";
import { FailingGroups } from "../../../client/failing-groups.ts";
import { heapBytes } from "../../support/heap-bytes.ts";

afterEach(() => void vi.useRealTimers());

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

test("a receive does not take longer because many groups are failing", () => {
  const failing = new FailingGroups();
  for (let number = 0; number < 100_000; number++) failing.add(`shop.orders:${number}`, 0);
  const before = process.cpuUsage();
  let receives = 0;
  while (receives < 1000 && failing.any()) receives++;
  const { user } = process.cpuUsage(before);
  expect(receives).toBe(1000);
  expect(user).toBeLessThan(200_000); // microseconds; 700,000 when each group is looked at
});

test("a group that failed again later keeps none alive, and counts itself", () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  const failing = new FailingGroups();
  failing.add("a", 0);
  failing.add("b", 0);
  failing.delete("other");
  vi.advanceTimersByTime(10 * 60_000);
  failing.add("a", 0);
  vi.advanceTimersByTime(6 * 60_000);
  expect(failing.any()).toBe(true);
  failing.delete("a");
  expect(failing.any()).toBe(false);
});
