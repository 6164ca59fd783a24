import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { StandStill } from "../../../../infra/local/stand-still.ts";

/** Blocks this process, as a busy machine does. */
function doNothing(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

test("a long stand-still is noticed from the first look on, shown for a while, and kept", async () => {
  using standStill = new StandStill();
  doNothing(700);
  standStill.look();
  expect(standStill.longest()).toBe(null);
  await delay(50);
  doNothing(600);
  await delay(50);
  expect(standStill.latest(60_000)).toBeGreaterThan(550);
  await delay(50);
  expect(standStill.latest(60_000)).toBeGreaterThan(550);
  expect(standStill.latest(20)).toBe(null);
  expect(standStill.longest()).toBeGreaterThan(550);
});
