import { setImmediate as nextTurn } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { DeleteBatcher } from "../../../client/delete-batcher.ts";
import type { HeldMessage } from "../../../client/held-message.ts";

function messageOf(id: string): HeldMessage {
  return {
    id,
    group: "shop.orders",
    body: "",
    receiveCount: 1,
    receiptHandle: id,
    heldUntil: Infinity,
    longestUntil: Infinity,
    lost: new AbortController(),
  };
}

/** A batcher of a process that holds these messages, and the requests that it made. */
function batcherOf(...ids: string[]) {
  const held = new Map(ids.map((id) => [id, messageOf(id)]));
  const requests: { ids: string[]; answer: () => void }[] = [];
  const batcher = new DeleteBatcher({
    queue: {
      async delete(messages) {
        const { promise, resolve } = Promise.withResolvers<void>();
        requests.push({ ids: messages.map(({ id }) => id), answer: resolve });
        await promise;
        return [];
      },
    },
    held: () => held.size,
    onDone: ({ id }) => void held.delete(id),
    onError: (error) => {
      throw error;
    },
  });
  return {
    requests: () => requests.map(({ ids: deleted }) => deleted),
    handled: (id: string) => batcher.add(held.get(id) ?? messageOf(id)),
    receive: (id: string) => held.set(id, messageOf(id)),
    answer: async () => {
      requests.at(-1)?.answer();
      await nextTurn();
    },
  };
}

describe("DeleteBatcher", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));

  afterEach(() => void vi.useRealTimers());

  it("deletes the only message that is held at once, because its group is locked meanwhile", () => {
    const { handled, requests } = batcherOf("1");
    handled("1");
    expect(requests()).toEqual([["1"]]);
  });

  it("lets a message wait 5 ms for others that are held", () => {
    const { handled, requests } = batcherOf("1", "2");
    handled("1");
    vi.advanceTimersByTime(4);
    expect(requests()).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(requests()).toEqual([["1"]]);
  });

  it("deletes together what was handled within 5 ms, as soon as the last one is", () => {
    const { handled, requests } = batcherOf("1", "2", "3");
    for (const id of ["1", "2", "3"]) handled(id);
    expect(requests()).toEqual([["1", "2", "3"]]);
    vi.advanceTimersByTime(60_000);
    expect(requests()).toHaveLength(1);
  });

  it("does not wait for messages that are being deleted, nor for deleted ones", async () => {
    const { handled, receive, requests, answer } = batcherOf("1");
    handled("1");
    receive("2");
    handled("2");
    expect(requests()).toEqual([["1"], ["2"]]);
    await answer();
    receive("3");
    handled("3");
    expect(requests()).toEqual([["1"], ["2"], ["3"]]);
  });

  it("sends ten messages at once, also while more are held", () => {
    const ids = Array.from({ length: 11 }, (_, index) => String(index));
    const { handled, requests } = batcherOf(...ids);
    for (const id of ids.slice(0, 10)) handled(id);
    expect(requests()).toEqual([ids.slice(0, 10)]);
  });
});
