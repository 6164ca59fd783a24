import { describe, expect, test } from "vitest";
import type { PastRequest, Patience } from "../../../../functions/delivery/patience.ts";
import {
  patientRequest,
  type RequestTime,
} from "../../../../functions/delivery/patient-request.ts";

const REQUEST = { queueName: "shop-billing-staging.fifo", bytes: 10 };

function patienceOf(ms: number): Patience & { readonly told: PastRequest[] } {
  const told: PastRequest[] = [];
  return { told, forRequest: () => ms, ended: (request) => void told.push(request) };
}

/** An answer after `ms`. Like one from the network, it is read after the timers that are due. */
function answerAfter(ms: number) {
  return async ({ abortSignal }: RequestTime): Promise<string> =>
    await new Promise((resolve, reject) => {
      const timer = setTimeout(() => setImmediate(resolve, "answer"), ms);
      abortSignal.addEventListener("abort", () => {
        clearTimeout(timer);
        reject(new Error("aborted"));
      });
    });
}

function holdUpTheProcess(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

describe("a request to a queue", () => {
  test("gets a deadline, and half of its time for one attempt", async () => {
    let time: RequestTime | undefined;
    await patientRequest(patienceOf(301), REQUEST, async (given) => {
      time = given;
      return await Promise.resolve();
    });
    expect(time?.requestTimeout).toBe(151);
    expect(time?.abortSignal.aborted).toBe(false);
  });

  test("reports its latency to the patience", async () => {
    const patience = patienceOf(10_000);
    const before = performance.now();
    expect(await patientRequest(patience, REQUEST, answerAfter(1))).toBe("answer");
    expect(patience.told).toEqual([{ ...REQUEST, startedAt: expect.any(Number) as number }]);
    expect(patience.told[0]?.startedAt).toBeGreaterThanOrEqual(before);
  });

  test("is aborted without a response in time, and reports this to the patience", async () => {
    const patience = patienceOf(20);
    await expect(patientRequest(patience, REQUEST, answerAfter(60_000))).rejects.toMatchObject({
      name: "SilentQueueError",
      message: "no response within 20 ms",
    });
    expect(patience.told).toHaveLength(1);
  });

  test("that is refused rejects with its own error and reports no latency", async () => {
    const patience = patienceOf(10_000);
    const denied = new Error("denied");
    const refused = patientRequest(patience, REQUEST, () => Promise.reject(denied));
    await expect(refused).rejects.toBe(denied);
    expect(patience.told).toEqual([]);
  });

  test("does not count time in which the process was blocked", async () => {
    const request = patientRequest(patienceOf(100), REQUEST, answerAfter(10));
    holdUpTheProcess(300);
    expect(await request).toBe("answer");
  });
});
