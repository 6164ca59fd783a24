import { describe, expect, it, vi } from "vitest";
import { subscribe, type Change } from "../../../client/index.ts";
import { message } from "../../support/client/messages.ts";
import { startQueueRig, type QueueRig } from "../../support/client/queue-rig.ts";

const at = (change: Change): number => change.source.pos;
const POISON = 10;
const SUCCESSORS = [11, 12, 13, 14, 15];

describe("the successors of a change that always fails", () => {
  it.each([
    { subscriptions: 1, maxReceiveCount: 2 },
    { subscriptions: 2, maxReceiveCount: 3 },
    { subscriptions: 3, maxReceiveCount: 4 },
  ])(
    "are all handled with $subscriptions subscriptions and $maxReceiveCount receives",
    async ({ subscriptions, maxReceiveCount }) => {
      await using rig = await startQueueRig({ maxReceiveCount });
      const seen: number[] = [];
      const sent = Promise.withResolvers<void>();
      await using _ = await subscribeAndWarmUp(rig, subscriptions, async (change) => {
        if (at(change) === 1) await sent.promise;
        if (at(change) === POISON) throw new Error("never");
        seen.push(at(change));
      });
      // The first message locks its group until the others have been sent, so that they are
      // received together.
      for (const offset of [1, POISON, ...SUCCESSORS]) await rig.send(message([offset]));
      sent.resolve();
      await vi.waitFor(() => expect(seen).toEqual([1, ...SUCCESSORS]), 60_000);
      await vi.waitFor(async () => expect(await rig.depth()).toBe(0), 60_000);
      expect(await rig.depth(rig.deadLetterUrl())).toBe(1);
    },
  );

  it("are all handled when every failure ends its process", async () => {
    await using rig = await startQueueRig({ maxReceiveCount: 3 });
    await rig.send(...[POISON, ...SUCCESSORS].map((offset) => message([offset])));
    const seen: number[] = [];
    while (seen.length < SUCCESSORS.length) {
      const ended = Promise.withResolvers<void>();
      await using _ = await subscribe(
        "billing",
        (change) => {
          if (at(change) === POISON) throw new Error("never");
          seen.push(at(change));
          if (seen.length === SUCCESSORS.length) ended.resolve();
        },
        {
          sqs: rig.sqs,
          source: "shop",
          environment: "staging",
          backoffSeconds: () => 0,
          onError: () => ended.resolve(),
        },
      );
      await ended.promise;
    }
    expect(seen).toEqual(SUCCESSORS);
    expect(await rig.depth(rig.deadLetterUrl())).toBe(1);
  });
});

/**
 * Starts subscriptions that have each handled a message and therefore receive several at a time.
 */
async function subscribeAndWarmUp(
  rig: QueueRig,
  count: number,
  handler: (change: Change) => Promise<void>,
): Promise<AsyncDisposable> {
  const stack = new AsyncDisposableStack();
  const warm = new Set<number>();
  const concurrency = 2;
  for (let n = 0; n < count * 10; n++) {
    await rig.send(message([1], { group: `warm-up-${n}` }));
  }
  for (let n = 0; n < count; n++) {
    const subscription = await subscribe(
      "billing",
      async (change, { group }) => {
        if (!group.startsWith("warm-up")) return handler(change);
        warm.add(n);
        await vi.waitFor(() => expect(warm.size).toBe(count), 60_000);
      },
      {
        sqs: rig.sqs,
        source: "shop",
        environment: "staging",
        concurrency,
        backoffSeconds: () => 1,
        onError: () => undefined,
      },
    );
    stack.use(subscription);
  }
  await vi.waitFor(async () => expect(await rig.depth()).toBe(0), 60_000);
  return stack;
}
