import { describe, expect, test } from "vitest";
import { BACKOFF, pauseMs } from "../../../functions/retry/backoff.ts";

const MINUTE_MS = 60_000;

describe("the pause before the next attempt", () => {
  test("doubles up to a quarter of an hour", () => {
    const pauses = [1, 2, 3, 4, 5, 6, 7, 100].map((failures) => pauseMs(failures, BACKOFF, 1));
    expect(pauses.map((ms) => ms / MINUTE_MS)).toEqual([0.5, 1, 2, 4, 8, 15, 15, 15]);
  });

  test("is drawn from its second half", () => {
    expect(pauseMs(3, BACKOFF, 0)).toBe(MINUTE_MS);
    expect(pauseMs(3, BACKOFF, 0.5)).toBe(1.5 * MINUTE_MS);
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
