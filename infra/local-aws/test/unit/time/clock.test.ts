import { expect, test, vi } from "vitest";
import { LocalClock } from "../../../time/clock.ts";

test("an alarm rings when the clock passes its time, and not before", async () => {
  const clock = new LocalClock();
  const ring = vi.fn();
  clock.at(clock.now() + 10 * 60_000, ring);
  clock.advance(9 * 60_000);
  await new Promise(setImmediate);
  expect(ring).not.toHaveBeenCalled();
  clock.advance(60_000);
  await vi.waitFor(() => expect(ring).toHaveBeenCalledOnce(), 20_000);
});

test("a cancelled alarm does not ring", async () => {
  const clock = new LocalClock();
  const ring = vi.fn();
  const rung = Promise.withResolvers<void>();
  clock.at(clock.now() + 1000, ring)();
  clock.at(clock.now() + 2000, rung.resolve);
  clock.advance(3000);
  await rung.promise;
  expect(ring).not.toHaveBeenCalled();
});

test("an alarm may lie beyond a timer's maximum delay", async () => {
  const clock = new LocalClock();
  const rung = Promise.withResolvers<void>();
  const sixtyDaysMs = 60 * 24 * 3_600_000;
  clock.at(clock.now() + sixtyDaysMs, rung.resolve);
  clock.advance(sixtyDaysMs);
  await rung.promise;
});
