import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { SilenceWatch } from "../../../../reader/source/silence-watch.ts";

const SILENCE_MS = 1000;

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** How long a connection lasts on which so many bytes of one packet arrive every 100 ms. */
function lastsMs(bytes: number): number {
  let received = 0;
  let silentMs = Infinity;
  const began = performance.now();
  using watch = new SilenceWatch({
    silenceMs: SILENCE_MS,
    received: () => received,
    isPaused: () => false,
    onSilence: () => (silentMs = Math.min(silentMs, performance.now() - began)),
  });
  watch.hears();
  for (let ms = 0; ms < 5 * SILENCE_MS; ms += 100) {
    received += bytes;
    vi.advanceTimersByTime(100);
  }
  return silentMs;
}

test("a long packet that goes on arriving is no silence", () => {
  expect(lastsMs(2000)).toBe(Infinity);
});

test("nothing is a silence, and so are heartbeats that a packet with a damaged length takes up", () => {
  for (const bytes of [0, 90]) {
    expect(lastsMs(bytes)).toBeGreaterThanOrEqual(SILENCE_MS);
    expect(lastsMs(bytes)).toBeLessThan(1.2 * SILENCE_MS);
  }
});

test("a pause is no silence, and the next one is counted from its end", () => {
  let isPaused = true;
  let isSilent = false;
  using watch = new SilenceWatch({
    silenceMs: SILENCE_MS,
    received: () => 0,
    isPaused: () => isPaused,
    onSilence: () => (isSilent = true),
  });
  vi.advanceTimersByTime(5 * SILENCE_MS);
  isPaused = false;
  watch.hears();
  vi.advanceTimersByTime(SILENCE_MS);
  expect(isSilent).toBe(false);
  vi.advanceTimersByTime(0.2 * SILENCE_MS);
  expect(isSilent).toBe(true);
});
