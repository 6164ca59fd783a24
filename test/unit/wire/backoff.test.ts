import { describe, expect, test } from "vitest";
import { BACKOFF } from "../../../functions/retry/drain.ts";
import { backoffMs } from "../../../wire/backoff.ts";

const MINUTE_MS = 60_000;
const { baseMs, longestMs } = BACKOFF;

describe("the pause before the next attempt", () => {
  test("doubles up to the longest pause", () => {
    const pauses = [0, 1, 2, 3, 6, 7, 99].map((earlier) =>
      backoffMs(earlier, baseMs, longestMs, { random: () => 0 }),
    );
    expect(pauses.map((ms) => ms / 1000)).toEqual([10, 20, 40, 80, 640, 900, 900]);
  });

  test("is random within its second half, or within the given share", () => {
    expect(backoffMs(2, 10_000, longestMs, { random: () => 1 })).toBe(20_000);
    expect(backoffMs(2, 10_000, longestMs, { random: () => 0.5 })).toBe(30_000);
    expect(backoffMs(2, 10_000, longestMs, { random: () => 1, spread: 0.25 })).toBe(30_000);
  });

  test("adds up to about a day before retry gives up a record", () => {
    let total = 0;
    for (let earlier = 0; earlier < BACKOFF.attempts - 1; earlier++) {
      total += backoffMs(earlier, baseMs, longestMs, { random: () => 0.5 });
    }
    expect(total / (60 * MINUTE_MS)).toBeGreaterThan(16);
    expect(total / (60 * MINUTE_MS)).toBeLessThan(25);
  });
});
