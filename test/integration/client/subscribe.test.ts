import { SQSClient } from "@aws-sdk/client-sqs";
import { z } from "zod";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import {
  QueueNotFoundError,
  RowValidationError,
  subscribe,
  SubscriptionSettingsError,
  type SubscribeOptions,
} from "../../../client/index.ts";
import { change, message } from "../../support/client/messages.ts";
import { startQueueRig, type QueueRig } from "../../support/client/queue-rig.ts";

describe("a subscription", () => {
  let rig: QueueRig;
  let options: SubscribeOptions;

  beforeAll(async () => {
    rig = await startQueueRig({ environments: ["staging", "production"] });
    options = { sqs: rig.sqs, source: "shop", environment: "staging" };
  });

  afterAll(() => rig[Symbol.asyncDispose]());

  it("hands over each change once, in order, with the message's fields", async () => {
    const seen: unknown[] = [];
    await using _ = await subscribe("billing", (received) => void seen.push(received), options);
    await rig.send(message([1, 2]), message([3]), message([4, 5, 6]));
    await vi.waitFor(() => expect(seen).toHaveLength(6), 60_000);
    expect(seen).toMatchObject([1, 2, 3, 4, 5, 6].map((offset) => change(offset)));
    await vi.waitFor(async () => expect(await rig.depth()).toBe(0), 60_000);
  });

  it("takes environment and source from the environment variables", async () => {
    vi.stubEnv("APP_ENV", "production");
    vi.stubEnv("BINLOG_ROUTER_SOURCE", "shop");
    const seen: number[] = [];
    await using production = await subscribe(
      "billing",
      (received) => void seen.push(received.source.pos),
      { sqs: rig.sqs },
    );
    vi.unstubAllEnvs();
    expect(production.queueUrl).toBe(rig.queueUrl("production"));
    await rig.send(message([10]), message([20], { environment: "production" }));
    await vi.waitFor(() => expect(seen).toEqual([20]), 60_000);
    const staging: number[] = [];
    await using _ = await subscribe(
      "billing",
      (received) => void staging.push(received.source.pos),
      options,
    );
    await vi.waitFor(() => expect(staging).toEqual([10]), 60_000);
    expect(seen).toEqual([20]);
  });

  it("hands over a message's changes together with `batch`", async () => {
    const batches: number[][] = [];
    await using _ = await subscribe(
      "billing",
      (changes) => void batches.push(changes.map(({ source }) => source.pos)),
      { ...options, batch: true },
    );
    await rig.send(message([100, 101, 102]), message([103]));
    await vi.waitFor(() => expect(batches).toEqual([[100, 101, 102], [103]]), 60_000);
  });

  it("handles groups in parallel, up to `concurrency`", async () => {
    let running = 0;
    let most = 0;
    let handled = 0;
    const groups = ["a", "b", "c", "d", "e", "f"];
    await rig.send(...groups.map((group, index) => message([200 + index], { group })));
    await using _ = await subscribe(
      "billing",
      async () => {
        most = Math.max(most, ++running);
        await vi.waitFor(() => expect(most).toBe(3), 60_000);
        running--;
        handled++;
      },
      { ...options, concurrency: 3 },
    );
    await vi.waitFor(() => expect(handled).toBe(6), 60_000);
    expect(most).toBe(3);
  });

  it("returns integers beyond 2^53 exactly, as bigint", async () => {
    const seen: unknown[] = [];
    await using _ = await subscribe("billing", ({ after }) => void seen.push(after), options);
    const text = JSON.stringify(message([300])).replace(
      '{"id":300}',
      '{"id":18446744073709551615}',
    );
    await rig.sendText("shop.orders", text);
    await vi.waitFor(() => expect(seen).toEqual([{ id: 18446744073709551615n }]), 60_000);
  });

  it("runs `around` for each message and calls `onHandled` after it", async () => {
    const events: string[] = [];
    await rig.send(message([400, 401]));
    await using _ = await subscribe("billing", ({ source }) => void events.push(`${source.pos}`), {
      ...options,
      around: async ({ group, changes, committedMs }, handle) => {
        events.push(`begin ${group} ${changes} ${committedMs}`);
        await handle();
        events.push("end");
      },
      onHandled: ({ messageId }, durationMs) => {
        events.push(`handled ${typeof messageId} ${durationMs >= 0}`);
      },
    });
    await vi.waitFor(() => expect(events).toHaveLength(5), 60_000);
    const begin = "begin shop.orders 2 1795190000400";
    expect(events).toEqual([begin, "400", "401", "end", "handled string true"]);
  });

  it.each([
    {
      name: "swallows the handler's error",
      around: (_: unknown, handle: () => Promise<void>) => handle().catch(() => undefined),
      tries: 2,
    },
    { name: "does not wait for the handler", around: dropped, tries: 2 },
    { name: "never calls the handler", around: () => Promise.resolve(), tries: 0 },
  ])("does not count a message as handled when `around` $name", async ({ around, tries }) => {
    await using own = await startQueueRig({ maxReceiveCount: 2 });
    await own.send(message([1]));
    const errors: unknown[] = [];
    let calls = 0;
    const handler = async (): Promise<void> => {
      calls++;
      await Promise.reject(new Error("never"));
    };
    await using _ = await subscribe("billing", handler, {
      ...options,
      sqs: own.sqs,
      around,
      backoffSeconds: () => 0,
      onError: (error) => void errors.push(error),
    });
    await vi.waitFor(async () => expect(await own.depth(own.deadLetterUrl())).toBe(1), 60_000);
    expect(errors).toHaveLength(2);
    expect(calls).toBe(tries);
  });

  it("reports the handler's own error even when the positions before it cannot be saved", async () => {
    await using own = await startQueueRig();
    await own.send(message([1, 2]));
    const reported = Promise.withResolvers<unknown>();
    const positions = {
      load: () => Promise.resolve(undefined),
      save: () => Promise.reject(new Error("no positions")),
    };
    const seen: number[] = [];
    const handler = ({ source }: { source: { pos: number } }): void => {
      seen.push(source.pos);
      if (source.pos === 2) throw new Error("no change 2");
    };
    await using _ = await subscribe("billing", handler, {
      ...options,
      sqs: own.sqs,
      positions,
      onError: (error) => reported.resolve(error),
    });
    expect(await reported.promise).toMatchObject({ message: "no change 2" });
    expect(seen.slice(0, 2)).toEqual([1, 2]);
  });

  it.each<[string, () => void]>([
    [
      "throws",
      () => {
        throw new Error("the callback failed");
      },
    ],
    ["rejects", async () => Promise.reject(new Error("the callback failed"))],
  ])("continues when a callback %s", async (_does, onHandled) => {
    const seen: number[] = [];
    await rig.send(message([500]), message([501]));
    await using _ = await subscribe("billing", ({ source }) => void seen.push(source.pos), {
      ...options,
      onHandled,
    });
    await vi.waitFor(() => expect(seen).toEqual([500, 501]), 60_000);
    await vi.waitFor(async () => expect(await rig.depth()).toBe(0), 60_000);
  });

  it("hands over rows as their validator returns them, and counts a refused row as a failure", async () => {
    const order = z.object({ id: z.int().max(600).transform(String) });
    const ids: (string | undefined)[] = [];
    const errors: unknown[] = [];
    await rig.send(message([600, 601]));
    await using _ = await subscribe("billing", ({ after }) => void ids.push(after?.id), {
      ...options,
      schemas: { "shop.orders": order },
      onError: (error) => void errors.push(error),
    });
    await vi.waitFor(() => expect(errors).toHaveLength(1), 60_000);
    expect(ids).toEqual(["600"]);
    expect(errors[0]).toBeInstanceOf(RowValidationError);
  });

  it("reads the queue with a given URL, whatever its source and environment are", async () => {
    const seen: number[] = [];
    await using subscription = await subscribe(
      "billing",
      ({ source }) => void seen.push(source.pos),
      { sqs: rig.sqs, queueUrl: rig.queueUrl("production") },
    );
    await rig.send(message([700], { environment: "production" }));
    await vi.waitFor(() => expect(seen).toEqual([700]), 60_000);
    expect(subscription.queueUrl).toBe(rig.queueUrl("production"));
  });

  it("names the existing queues when its own queue does not exist", async () => {
    const missing = subscribe("search", () => undefined, options);
    await expect(missing).rejects.toThrow(QueueNotFoundError);
    await expect(missing).rejects.toMatchObject({
      queueName: "shop-search-staging.fifo",
      available: ["shop-billing-production.fifo", "shop-billing-staging.fifo"],
    });
  });

  it.each([
    { name: "its queue does not exist", more: { source: "shop", environment: "nowhere" } },
    { name: "a setting is missing", more: {} },
  ])("closes the client that it made when $name", async ({ more }) => {
    for (const [name, value] of Object.entries(rig.aws.environment())) vi.stubEnv(name, value);
    const destroy = vi.spyOn(SQSClient.prototype, "destroy");
    try {
      await expect(subscribe("billing", () => undefined, more)).rejects.toThrow();
      expect(destroy).toHaveBeenCalledOnce();
    } finally {
      destroy.mockRestore();
      vi.unstubAllEnvs();
    }
  });

  it("names every missing setting at once, and the existing queues", async () => {
    const missing = subscribe("billing", () => undefined, { sqs: rig.sqs, concurrency: 0 });
    await expect(missing).rejects.toThrow(SubscriptionSettingsError);
    await expect(missing).rejects.toThrow(
      /APP_ENV.*BINLOG_ROUTER_SOURCE.*`concurrency`.*shop-billing-staging\.fifo/,
    );
  });
});

function dropped(_: unknown, handle: () => Promise<void>): Promise<void> {
  handle().catch(() => undefined);
  return Promise.resolve();
}
