import { describe, expect, test } from "vitest";
import { LanePace } from "../../../../reader/frames/lane-pace.ts";
import { formatPosition } from "../../../../wire/position.ts";

const position = (offset: number) => formatPosition({ epoch: 1, file: 1, offset, row: 0 });

/** A pace to which the frames 1 to `count` were sent. */
function paceAfter(count: number, shortestMs = 5): LanePace {
  const pace = new LanePace(shortestMs);
  for (let n = 1; n <= count; n++) pace.sent(position(n));
  return pace;
}

/** The pauses after looks that find the frames up to `delivered` delivered; null: unknown. */
function pausesAfterLooks(pace: LanePace, looks: number, delivered: number | null): number[] {
  return Array.from({ length: looks }, () => {
    pace.look()?.(delivered === null ? null : position(delivered), false);
    return pace.ms;
  });
}

describe("LanePace", () => {
  test("keeps the configured pause while each frame is delivered before the next one is sent", () => {
    const pace = new LanePace(5);
    for (let n = 1; n < 10; n++) {
      pace.sent(position(n));
      pace.look()?.(position(n - 1), false);
      expect(pace.ms).toBe(5);
    }
  });

  test("doubles the pause at each look that finds two frames on their way, up to 100 ms", () => {
    expect(pausesAfterLooks(paceAfter(3, 20), 4, 1)).toEqual([40, 80, 100, 100]);
    expect(pausesAfterLooks(paceAfter(2, 20), 1, null)).toEqual([40]);
  });

  test("shortens the pause by a fifth at each look that finds fewer, down to the configured one", () => {
    const pace = paceAfter(3, 20);
    pausesAfterLooks(pace, 2, 1);
    expect(pausesAfterLooks(pace, 2, 2)).toEqual([64, 51.2]);
    expect(pausesAfterLooks(pace, 10, 3).at(-1)).toBe(20);
  });

  test("does not count frames that were sent after the look began", () => {
    const pace = paceAfter(1);
    const endLook = pace.look();
    for (const n of [2, 3]) pace.sent(position(n));
    endLook?.(position(1), false);
    expect(pace.ms).toBe(5);
  });

  test("looks only after a frame, or while the pause is longer than configured", () => {
    const pace = paceAfter(2);
    expect(new LanePace(5).look()).toBeNull();
    pausesAfterLooks(pace, 1, null);
    expect(pace.look()).not.toBeNull();
    pausesAfterLooks(pace, 10, 2);
    expect(pace.ms).toBe(5);
    expect(pace.look()).toBeNull();
  });

  test("keeps a configured pause of 100 ms and more, and never looks", () => {
    expect(paceAfter(2, 100).look()).toBeNull();
    expect(paceAfter(2, 1000).look()).toBeNull();
  });

  test("lengthens the pause to 20 ms while messages of the lane may be parked, however soon frames are delivered", () => {
    const seen = [5, 30].map((shortestMs) => {
      const pace = paceAfter(2, shortestMs);
      for (let look = 0; look < 5; look++) {
        pace.sent(position(2));
        pace.look()?.(position(2), true);
      }
      return pace.ms;
    });
    expect(seen).toEqual([20, 30]);
  });

  test("settles near the time that the lane takes for a frame", () => {
    // Each request of the route function takes 15 ms: three for a frame, one for each further one.
    const slow = deliver(new LanePace(20), { frameMs: 50, furtherMs: 15 });
    const fixed = deliver({ ms: 20, sent: () => undefined, look: () => null }, slow);
    expect(slow.pauseMs).toBeGreaterThan(40);
    expect(slow.pauseMs).toBeLessThan(75);
    expect(slow.delayMs).toBeLessThan(0.6 * fixed.delayMs);
    expect(slow.frames).toBeLessThan(0.5 * fixed.frames);
    const fast = deliver(new LanePace(5), { frameMs: 4, furtherMs: 1.5 });
    expect(fast.pauseMs).toBe(5);
  });
});

interface Lane {
  /** How long the route function has the lane's only frame, and each further one with it. */
  readonly frameMs: number;
  readonly furtherMs: number;
}

const SECONDS = 60;

/**
 * Plays a minute of one change a millisecond: the reader sends a frame after each pause, and the
 * lane delivers the frames that wait, up to ten at a time. Returns the mean delay of a frame's
 * first change, the number of frames and the mean pause, all but the first ten seconds'.
 */
function deliver(pace: Pick<LanePace, "ms" | "sent" | "look">, { frameMs, furtherMs }: Lane) {
  const waiting: { readonly n: number; readonly beganMs: number }[] = [];
  const delaysMs: number[] = [];
  const pausesMs: number[] = [];
  let [frames, delivered, busyUntilMs, nextSendMs, beganMs] = [0, 0, 0, 0, 0];
  for (let ms = 0; ms < SECONDS * 1000; ms++) {
    if (ms >= nextSendMs) {
      waiting.push({ n: ++frames, beganMs });
      pace.sent(position(frames));
      beganMs = ms + 1;
      nextSendMs = ms + pace.ms;
    }
    if (ms >= busyUntilMs) {
      delivered = frames - waiting.length;
      const taken = waiting.splice(0, 10);
      if (taken.length > 0) busyUntilMs = ms + frameMs + (taken.length - 1) * furtherMs;
      if (ms > 10_000) for (const frame of taken) delaysMs.push(busyUntilMs - frame.beganMs);
    }
    if (ms % 1000 === 999) {
      pace.look()?.(position(delivered), false);
      if (ms > 10_000) pausesMs.push(pace.ms);
    }
  }
  return {
    frameMs,
    furtherMs,
    frames: delaysMs.length,
    delayMs: mean(delaysMs),
    pauseMs: mean(pausesMs),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
