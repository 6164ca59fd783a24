import { stat } from "node:fs/promises";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { findClosed, readSoon } from "../../../../functions/delivery/closed-streams.ts";
import { deliverFrames } from "../../../../functions/delivery/deliver-frames.ts";
import type { Stream } from "../../../../functions/failures/stream.ts";
import { NEW_LANE } from "../../../support/functions/new-lane.ts";

const NEVER = new Promise<never>(() => undefined);

/** An answer that Node reads in a turn of its event loop: the stream was never opened. */
async function answerOfSystem(): Promise<null> {
  await stat(".");
  return null;
}

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

test("a look at the failures table does not hold up what is sent", async () => {
  const isSent = Promise.withResolvers<ReadonlySet<string>>();
  const message = {
    environment: "staging",
    group: "orders",
    deduplicationId: "1",
    changes: 1,
    first: "1",
    last: "1",
    body: "",
  };
  const share = {
    kind: "messages",
    queueName: "search",
    first: "1",
    last: "1",
    messages: [message],
  } as const;
  const { troubled } = await deliverFrames(
    { ...NEW_LANE, troubled: new Set(["billing"]) },
    [[share]],
    {
      findClosed: () => isSent.promise,
      streams: { parkBehind: () => NEVER, park: () => NEVER, forget: () => NEVER },
      sender: {
        async send() {
          isSent.resolve(new Set(["billing"]));
          return { kind: "sent" };
        },
      },
      lanes: { read: () => NEVER, write: () => NEVER },
    },
  );
  expect([...troubled]).toEqual([]);
});

test("a silent failures table ends the look after a quarter of a second", async () => {
  const read = vi.fn((_stream: Stream, _signal?: AbortSignal) => NEVER);
  const listed = Array.from({ length: 100 }, (_, n) => `queue-${n}`);
  const closed = findClosed(readSoon({ read }), () => 0)(0, listed);
  await vi.advanceTimersByTimeAsync(250);
  expect([...(await closed)]).toEqual([]);
  expect(read).toHaveBeenCalledTimes(16);
  expect(read.mock.calls.every(([, signal]) => signal?.aborted)).toBe(true);
});

test("what was read before a failure counts", async () => {
  const read = vi.fn().mockRejectedValue(new Error("refused")).mockResolvedValueOnce(null);
  const closed = findClosed(readSoon({ read }), () => 0)(0, ["one", "other"]);
  expect([...(await closed)]).toEqual(["one"]);
  expect(vi.getTimerCount()).toBe(0);
});

test("an answer that arrived while this process made messages counts", async () => {
  vi.useRealTimers();
  const closed = findClosed(readSoon({ read: answerOfSystem }), () => 0)(0, ["one"]);
  const endMs = performance.now() + 300;
  while (performance.now() < endMs);
  expect([...(await closed)]).toEqual(["one"]);
});
