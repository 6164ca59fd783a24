import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { DeleteBatcher } from "../../../client/delete-batcher.ts";
import type { HeldMessage } from "../../../client/held-message.ts";
import type { MessageProcessor } from "../../../client/message-processor.ts";
import { resolveSettings } from "../../../client/options.ts";
import type { SqsQueue } from "../../../client/sqs-queue.ts";
import { startSubscription } from "../../../client/subscription.ts";

const GATHER_MS = 5;

function held(id: string): HeldMessage {
  return {
    id,
    group: "g",
    body: "",
    receiveCount: 1,
    receiptHandle: id,
    heldUntil: Infinity,
    longestUntil: Infinity,
    lost: new AbortController(),
  };
}

/**
 * A batcher of a client that holds these messages. `requests` has the ids of each request; `answer`
 * answers the latest one.
 */
function batcherOf(...messages: readonly HeldMessage[]) {
  const holds = new Set(messages);
  const requests: string[][] = [];
  let latest = Promise.withResolvers<[]>();
  const queue = {
    delete: (batch: readonly HeldMessage[]) => {
      requests.push(batch.map(({ id }) => id));
      latest = Promise.withResolvers();
      return latest.promise;
    },
  } as unknown as SqsQueue;
  const batcher = new DeleteBatcher({
    queue,
    held: () => holds.size,
    onDone: (message) => holds.delete(message),
    onError: (error) => expect.fail(String(error)),
  });
  const answer = async (): Promise<void> => {
    latest.resolve([]);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { batcher, holds, requests, answer };
}

describe("the deletion of handled messages", () => {
  // Time stands still unless a test advances it.
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
  afterEach(() => void vi.useRealTimers());

  it("is requested at once for the only message that the client holds", () => {
    const message = held("1");
    const { batcher, requests } = batcherOf(message);
    batcher.add(message);
    expect(requests).toEqual([["1"]]);
  });

  it("waits for the other messages that the client holds, and takes them along", () => {
    const messages = ["1", "2", "3"].map(held);
    const { batcher, requests } = batcherOf(...messages);
    for (const message of messages.slice(0, 2)) batcher.add(message);
    expect(requests).toEqual([]);
    batcher.add(messages[2] as HeldMessage);
    expect(requests).toEqual([["1", "2", "3"]]);
  });

  it("waits no longer than 5 ms", () => {
    const message = held("1");
    const { batcher, requests } = batcherOf(message, held("2"));
    batcher.add(message);
    vi.advanceTimersByTime(GATHER_MS);
    expect(requests).toEqual([["1"]]);
  });

  it("takes along in the next request what is handled during a request", async () => {
    const [first, second, third] = [held("1"), held("2"), held("3")];
    const { batcher, holds, requests, answer } = batcherOf(first);
    batcher.add(first);
    holds.add(second).add(third);
    batcher.add(second);
    batcher.add(third);
    expect(requests).toEqual([["1"]]);
    await answer();
    expect(requests).toEqual([["1"], ["2", "3"]]);
  });

  it("waits for held messages after a request, too", async () => {
    const [first, second, third] = [held("1"), held("2"), held("3")];
    const { batcher, holds, requests, answer } = batcherOf(first);
    batcher.add(first);
    holds.add(second).add(third);
    batcher.add(second);
    await answer();
    expect(requests).toEqual([["1"]]);
    batcher.add(third);
    expect(requests).toEqual([["1"], ["2", "3"]]);
  });

  it("follows the handling of a subscription's only message without a timer", async () => {
    const deleted = Promise.withResolvers<string>();
    let received = false;
    const queue = {
      url: "",
      receive: ({ signal }: { readonly signal: AbortSignal }) => {
        const { promise, resolve } = Promise.withResolvers<object[]>();
        signal.addEventListener("abort", () => resolve([]));
        if (!received) resolve([{ MessageId: "1", ReceiptHandle: "1", Body: "" }]);
        received = true;
        return promise;
      },
      delete: ([message]: readonly HeldMessage[]) => {
        deleted.resolve(message?.id ?? "");
        return Promise.resolve([]);
      },
    } as unknown as SqsQueue;
    const processor = {
      process: () => Promise.resolve({ kind: "repeat", changes: 1 }),
    } as unknown as MessageProcessor<undefined>;
    await using subscription = startSubscription({
      queue,
      processor,
      settings: resolveSettings("billing", { source: "shop", environment: "test" }, {}),
      events: {},
      signal: undefined,
      release: () => undefined,
    });
    expect(await deleted.promise).toBe("1");
    await subscription.stop();
  });
});
