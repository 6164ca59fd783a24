import { SQSClient, type ListQueuesCommand } from "@aws-sdk/client-sqs";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { findQueue, listEnvironmentQueues } from "../../../client/find-queue.ts";

const OWNER = { source: "shop", subscriber: "billing", environment: "staging" };

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

/** A client whose requests are never answered. */
function silentSqs(): SQSClient {
  return new SQSClient({
    region: "eu-central-1",
    credentials: { accessKeyId: "a", secretAccessKey: "b" },
    requestHandler: {
      handle: (_request: unknown, { abortSignal }: { readonly abortSignal?: unknown } = {}) =>
        new Promise<never>((_, reject) => {
          if (!(abortSignal instanceof AbortSignal)) return;
          const abort = (): void => reject(new Error("Request aborted"));
          abortSignal.addEventListener("abort", abort, { once: true });
          if (abortSignal.aborted) abort();
        }),
      updateHttpClientConfig: () => undefined,
      httpHandlerConfigs: () => ({}),
    },
  });
}

test("a queue is not waited for where SQS does not answer", async () => {
  const found = expect(findQueue(silentSqs(), OWNER)).rejects.toThrow(
    expect.objectContaining({ name: "TimeoutError", message: "no response within 10000 ms" }),
  );
  await vi.advanceTimersByTimeAsync(10_000);
  await found;
});

test("the application's signal ends the wait", async () => {
  const stop = new AbortController();
  const found = expect(findQueue(silentSqs(), OWNER, stop.signal)).rejects.toThrow(
    "Request aborted",
  );
  stop.abort();
  await found;
});

test("the names of queues, which only complete an error, are given up as well", async () => {
  const names = listEnvironmentQueues(silentSqs(), "shop");
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await names).toEqual([]);
});

test("nothing is waited for where the SDK gets no credentials, which no signal ends", async () => {
  const sqs = new SQSClient({
    region: "eu-central-1",
    credentials: () => new Promise<never>(() => undefined),
  });
  const found = expect(findQueue(sqs, OWNER)).rejects.toThrow("no response within 10000 ms");
  const names = listEnvironmentQueues(sqs, "shop");
  await vi.advanceTimersByTimeAsync(10_000);
  await found;
  expect(await names).toEqual([]);
});

test("queues are listed, page by page, by a client of another copy of the SDK", async () => {
  const pages: Readonly<Record<string, object>> = {
    first: { QueueUrls: ["https://sqs/1/shop-billing-eu.fifo"], NextToken: "second" },
    second: {
      QueueUrls: ["https://sqs/1/shop-raw.fifo", "https://sqs/1/shop-search-eu.fifo"],
      NextToken: "",
    },
  };
  const sqs = {
    // An empty token has no page.
    send: ({ input }: ListQueuesCommand) => Promise.resolve(pages[input.NextToken ?? "first"]),
  } as unknown as SQSClient;
  const names = ["shop-billing-eu.fifo", "shop-search-eu.fifo"];
  expect(await listEnvironmentQueues(sqs, "shop")).toEqual(names);
});
