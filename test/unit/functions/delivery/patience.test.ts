import { describe, expect, test } from "vitest";
import { RelativePatience } from "../../../../functions/delivery/patience.ts";

const QUEUE = "shop-billing-staging.fifo";
const MINUTE_MS = 60_000;

/** A patience with a clock that its requests advance. */
function patienceAt(usualMs?: number) {
  let now = 0;
  const patience = new RelativePatience(() => now);
  const request = (tookMs: number, queueName = QUEUE, bytes = 0) => {
    const startedAt = now;
    now += tookMs;
    patience.ended({ queueName, bytes, startedAt });
  };
  if (usualMs !== undefined) {
    for (let n = 0; n < 32; n++) request(usualMs, "shop-billing-production.fifo");
  }
  return {
    request,
    /** Ends requests that began at the same time, each after its duration in milliseconds. */
    together(...tookMs: readonly number[]) {
      const startedAt = now;
      for (const ms of tookMs.toSorted((a, b) => a - b)) {
        now = startedAt + ms;
        patience.ended({ queueName: QUEUE, bytes: 0, startedAt });
      }
    },
    rest: (ms: number) => void (now += ms),
    of: (queueName = QUEUE, bytes = 0) => patience.forRequest(queueName, bytes),
  };
}

describe("the patience with a queue", () => {
  test("is one second until 16 latencies are known", () => {
    const patience = patienceAt();
    for (let n = 0; n < 15; n++) patience.request(5);
    expect(patience.of()).toBe(1000);
    patience.request(5);
    expect(patience.of()).toBe(300);
  });

  test("is 200 ms more than five times the median latency, and at least 300 ms", () => {
    expect(patienceAt(8).of()).toBe(300);
    expect(patienceAt(20).of()).toBe(300);
    expect(patienceAt(60).of()).toBe(500);
  });

  test("is at most one second", () => {
    expect(patienceAt(300).of()).toBe(1000);
    expect(patienceAt(300).of(QUEUE, 1_000_000)).toBe(1000);
  });

  test("grows when the requests to all queues have become slow", () => {
    const patience = patienceAt(8);
    for (let n = 0; n < 17; n++) patience.request(300, `queue-${n}.fifo`);
    expect(patience.of("another.fifo")).toBe(1000);
  });

  test("grows with the size of the request by half a second per megabyte", () => {
    expect(patienceAt(8).of(QUEUE, 500_000)).toBe(550);
  });

  test("is used up by unusually slow responses and refilled within a minute", () => {
    const patience = patienceAt(8);
    patience.request(300);
    expect(patience.of()).toBe(300);
    patience.request(300);
    expect(Math.round(patience.of() / 10)).toBe(20);
    patience.request(200);
    expect(patience.of()).toBeLessThan(110);
    patience.rest(MINUTE_MS);
    expect(patience.of()).toBe(300);
  });

  test("is separate for each queue", () => {
    const patience = patienceAt(8);
    for (let n = 0; n < 10; n++) patience.request(200);
    expect(patience.of()).toBeLessThan(110);
    expect(patience.of("another.fifo")).toBe(300);
  });

  test("is charged once for requests that are late at the same time", () => {
    const patience = patienceAt(8);
    patience.together(200, 300, 300, 300, 300, 300, 300, 300);
    // A credit of 500 ms, less the 200 ms beyond the usual 100 ms: they count once for all eight.
    // The next request uses another 150 ms; the usual 100 ms are added to the rest.
    patience.request(250);
    expect(patience.of()).toBeGreaterThan(245);
    expect(patience.of()).toBeLessThan(260);
  });

  test("does not shrink for a queue that is slower than others but within the usual latency", () => {
    const patience = patienceAt(8);
    for (let n = 0; n < 15; n++) patience.request(99);
    expect(patience.of()).toBe(300);
  });
});
