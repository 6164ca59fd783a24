import { describe, expect, test } from "vitest";
import { LanePace } from "../../../../reader/frames/lane-pace.ts";
import { formatPosition } from "../../../../wire/position.ts";

const position = (offset: number) => formatPosition({ epoch: 1, file: 1, offset, row: 0 });

describe("LanePace", () => {
  test("keeps the configured pause while frames are delivered soon", () => {
    const pace = new LanePace(5);
    for (let second = 0; second < 5; second++) {
      for (let ms = 0; ms < 1000; ms += 50)
        pace.sent(position(second * 1000 + ms), second * 1000 + ms);
      pace.delivered(position(second * 1000 + 950), false, second * 1000 + 1000);
      expect(pace.ms).toBe(5);
    }
  });

  test("lengthens the pause to 20 ms when delivery takes longer than that, and not when it is faster", () => {
    const seen = [40, 19].map((deliveryMs) => {
      const pace = new LanePace(5);
      for (let second = 0; second < 10; second++) {
        const lookMs = second * 1000 + 1000;
        for (let ms = 0; ms < 1000; ms += 5)
          pace.sent(position(lookMs - 1000 + ms), lookMs - 1000 + ms);
        pace.delivered(position(lookMs - deliveryMs), false, lookMs);
      }
      return pace.ms;
    });
    expect(seen).toEqual([20, 5]);
  });

  test("doubles the pause up to 20 ms while an old frame is undelivered, and returns to the configured pause after that", () => {
    const pace = new LanePace(5);
    pace.sent(position(1), 0);
    const seen = [1000, 2000, 3000, 4000].map((now) => {
      pace.delivered(null, false, now);
      return pace.ms;
    });
    expect(seen).toEqual([10, 20, 20, 20]);
    for (let now = 5000; now < 15_000; now += 1000) pace.delivered(position(1), false, now);
    expect(pace.ms).toBe(5);
  });

  test("detects a long backlog from a recent frame that it has watched for a second", () => {
    const pace = new LanePace(5);
    for (let n = 0; n < 500; n++) pace.sent(position(n), n * 100);
    // The 300 watched frames are delivered; from now on, the following ones are watched.
    pace.delivered(position(299), false, 50_000);
    expect(pace.isCurious).toBe(false);
    pace.sent(position(500), 50_000);
    pace.delivered(position(400), false, 51_000);
    expect(pace.ms).toBe(10);
  });

  test("keeps a configured pause longer than 20 ms, and does not read the progress", () => {
    const pace = new LanePace(1000);
    pace.sent(position(1), 0);
    expect(pace.isCurious).toBe(false);
    pace.delivered(null, false, 10_000);
    expect(pace.ms).toBe(1000);
  });

  test("uses the longest pause while messages of the lane may be parked, however soon frames are delivered", () => {
    const pace = new LanePace(5);
    for (const now of [1000, 2000]) {
      pace.sent(position(now), now);
      pace.delivered(position(now), true, now);
    }
    expect(pace.ms).toBe(20);
  });
});
