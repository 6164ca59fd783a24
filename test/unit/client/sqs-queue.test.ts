import { SQSClient } from "@aws-sdk/client-sqs";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { SqsQueue } from "../../../client/sqs-queue.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

test("no call of a subscription waits for credentials for ever, which no signal ends", async () => {
  const sqs = new SQSClient({
    region: "eu-central-1",
    credentials: () => new Promise<never>(() => undefined),
  });
  const queue = new SqsQueue(sqs, "http://127.0.0.1:1/000000000000/shop-billing-staging.fifo");
  const stop = new AbortController();
  const receiving = { most: 10, waitSeconds: 0, visibilitySeconds: 30, signal: stop.signal };
  const calls = expect(
    Promise.allSettled([
      queue.receive(receiving),
      queue.delete([]),
      queue.changeVisibility([], () => 0),
    ]),
  ).resolves.toEqual(Array.from({ length: 3 }, () => TIMED_OUT));
  await vi.advanceTimersByTimeAsync(10_000);
  await calls;

  const last = expect(queue.receive(receiving)).rejects.toThrow("no response within");
  stop.abort();
  await vi.advanceTimersByTimeAsync(12_000);
  await last;
});

const TIMED_OUT = {
  status: "rejected",
  reason: expect.objectContaining({ name: "TimeoutError" }) as Error,
};
