import { describe, expect, test } from "vitest";
import { BACKOFF, pauseMs } from "../../../../functions/retry/backoff.ts";

const MINUTE_MS = 60_000;

describe("the pause before the next attempt", () => {
  test("doubles up to a quarter of an hour", () => {
    const pauses = [1, 2, 3, 4, 7, 8, 100].map((failures) => pauseMs(failures, BACKOFF, 1));
    expect(pauses.map((ms) => ms / 1000)).toEqual([10, 20, 40, 80, 640, 900, 900]);
  });

  test("is drawn from its second half", () => {
    expect(pauseMs(3, BACKOFF, 0)).toBe(20_000);
    expect(pauseMs(3, BACKOFF, 0.5)).toBe(30_000);
  });

  test("adds up to about a day before a record is given up", () => {
    let total = 0;
    for (let failures = 1; failures < BACKOFF.attempts; failures++) {
      total += pauseMs(failures, BACKOFF, 0.5);
    }
    expect(total / (60 * MINUTE_MS)).toBeGreaterThan(16);
    expect(total / (60 * MINUTE_MS)).toBeLessThan(25);
  });
});
