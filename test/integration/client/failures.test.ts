import type { ReceiveMessageCommandOutput } from "@aws-sdk/client-sqs";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  ForeignMessageError,
  ReleaseRefusedError,
  subscribe,
  UnsupportedMessageVersionError,
  type Change,
  type ErrorContext,
  type SubscribeOptions,
} from "../../../client/index.ts";
import { message } from "../../support/client/messages.ts";
import { startQueueRig, type QueueRig } from "../../support/client/queue-rig.ts";

const at = (change: Change): number => change.source.pos;
const ascending = (a: number, b: number): number => a - b;

describe("a subscription with failures", () => {
  let rig: QueueRig;
  let options: SubscribeOptions;
  let errors: unknown[];
  const seen: string[] = [];

  beforeEach(async () => {
    rig = await startQueueRig({ maxReceiveCount: 3 });
    errors = [];
    seen.length = 0;
    options = {
      sqs: rig.sqs,
      source: "shop",
      environment: "staging",
      backoffSeconds: () => 1,
      onError: (error) => void errors.push(error),
    };
  });

  afterEach(() => rig[Symbol.asyncDispose]());

  it("retries a failed change before its successors, without delaying other groups", async () => {
    await rig.send(message([1, 2, 3]), message([4]), message([9], { group: "other" }));
    let failures = 2;
    await using _ = await subscribe(
      "billing",
      (change) => {
        if (at(change) === 2 && failures-- > 0) throw new Error("not yet");
        seen.push(`${at(change)}`);
      },
      options,
    );
    await vi.waitFor(() => expect(seen).toHaveLength(5), 60_000);
    expect(seen.filter((text) => text !== "9")).toEqual(["1", "2", "3", "4"]);
    expect(seen.indexOf("9")).toBeLessThan(seen.indexOf("2"));
    expect(errors).toHaveLength(2);
    await vi.waitFor(async () => expect(await rig.depth()).toBe(0), 60_000);
  });

  it.each<[string, () => number, string]>([
    [
      "throws",
      () => {
        throw new RangeError("no wait");
      },
      "no wait",
    ],
    ["returns no number", () => NaN, "`backoffSeconds` returned no number"],
    [
      "is asynchronous and rejects",
      (() => Promise.reject(new Error("no database"))) as unknown as () => number,
      "`backoffSeconds` returned no number",
    ],
  ])(
    "waits as long as by default where `backoffSeconds` %s",
    async (_does, backoffSeconds, error) => {
      await rig.send(message([1, 2]));
      let failures = 1;
      await using _ = await subscribe(
        "billing",
        (change) => {
          if (failures-- > 0) throw new Error("not yet");
          seen.push(`${at(change)}`);
        },
        { ...options, backoffSeconds },
      );
      await vi.waitFor(() => expect(seen).toEqual(["1", "2"]), 20_000);
      expect(errors.map((one) => (one as Error).message)).toEqual(["not yet", error]);
    },
  );

  it("leaves only a change that always fails to the dead-letter queue, and handles its successors", async () => {
    await rig.send(...[1, 2, 3, 4, 5, 6].map((offset) => message([offset])));
    await using _ = await subscribe(
      "billing",
      (change) => {
        seen.push(`${at(change)}`);
        if (at(change) === 1) throw new Error("never");
      },
      options,
    );
    await vi.waitFor(() => expect(seen).toEqual(["1", "1", "1", "2", "3", "4", "5", "6"]), 60_000);
    await vi.waitFor(async () => expect(await rig.depth()).toBe(0), 60_000);
    expect(await rig.depth(rig.deadLetterUrl())).toBe(1);
  });

  it("handles a redriven message once, although its group has advanced", async () => {
    await rig.send(message([1, 2, 3]), message([4]));
    let isCorrected = false;
    await using _ = await subscribe(
      "billing",
      (change) => {
        if (at(change) === 2 && !isCorrected) throw new Error("not yet");
        seen.push(`${at(change)}`);
      },
      options,
    );
    await vi.waitFor(() => expect(seen).toEqual(["1", "4"]), 60_000);
    isCorrected = true;
    await rig.redrive();
    await vi.waitFor(() => expect(seen).toEqual(["1", "4", "2", "3"]), 60_000);
    await rig.send(message([1, 2, 3]));
    await vi.waitFor(async () => expect(await rig.depth()).toBe(0), 60_000);
    expect(seen).toHaveLength(4);
  });

  it("hides a change from other subscriptions for ten times the visibility timeout", async () => {
    await rig.send(message([1]), message([2]));
    const slow = { ...options, visibilityTimeoutSeconds: 3 };
    const handler = async (change: Change): Promise<void> => {
      seen.push(`begin ${at(change)}`);
      if (at(change) === 1) await sleep(30_000);
      seen.push(`end ${at(change)}`);
    };
    await using _ = await subscribe("billing", handler, slow);
    await using other = await subscribe("billing", handler, slow);
    expect(other.queueUrl).toBe(rig.queueUrl());
    await vi.waitFor(() => expect(seen).toHaveLength(4), 60_000);
    expect(seen).toEqual(["begin 1", "end 1", "begin 2", "end 2"]);
    expect(errors).toEqual([]);
  });

  it("handles a message that arrives after a wait longer than the visibility timeout", async () => {
    await using _ = await subscribe("billing", (change) => void seen.push(`${at(change)}`), {
      ...options,
      visibilityTimeoutSeconds: 1,
    });
    await sleep(1500);
    await rig.send(message([1]));
    await vi.waitFor(() => expect(seen).toEqual(["1"]), 60_000);
  });

  it("aborts the handler's signal when a message can no longer be hidden, and handles its successors after it", async () => {
    await rig.send(message([1]), message([2]));
    await using _ = await subscribe(
      "billing",
      async (change, { signal }) => {
        seen.push(`begin ${at(change)}`);
        if (at(change) === 2) return;
        using fault = rig.aws.faults.add({ service: "sqs", effect: { kind: "reset" } });
        await once(signal, "abort");
        seen.push(`lost ${at(change)}`);
        expect(fault.strikes).toBeGreaterThan(0);
      },
      { ...options, visibilityTimeoutSeconds: 1 },
    );
    await vi.waitFor(async () => expect(await rig.depth()).toBe(0), 60_000);
    expect(seen).toEqual(["begin 1", "lost 1", "begin 2"]);
  });

  it("aborts the handler's signal in time, and stops, when the extension of its message hangs", async () => {
    await rig.send(message([1]));
    const lostAfterMs = Promise.withResolvers<number>();
    const subscription = await subscribe(
      "billing",
      async (_, { signal }) => {
        const began = performance.now();
        rig.aws.faults.add({
          service: "sqs",
          action: "ChangeMessageVisibilityBatch",
          effect: { kind: "delay", ms: 60_000 },
        });
        await once(signal, "abort");
        lostAfterMs.resolve(performance.now() - began);
      },
      { ...options, visibilityTimeoutSeconds: 3, concurrency: 1 },
    );
    // The extension does not return for a minute.
    expect(await lostAfterMs.promise).toBeLessThan(30_000);
    const stopping = performance.now();
    await subscription.stop();
    expect(performance.now() - stopping).toBeLessThan(45_000);
  });

  it("does not handle a message whose visibility timeout expired before the late response arrived", async () => {
    let late = true;
    rig.sqs.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args);
        const { Messages = [] } = result.output as ReceiveMessageCommandOutput;
        if (Messages.length > 0 && late) {
          late = false;
          await sleep(3000);
        }
        return result;
      },
      { step: "initialize" },
    );
    await rig.send(message([1]));
    const receives: number[] = [];
    await using _ = await subscribe(
      "billing",
      (_change, { receiveCount }) => void receives.push(receiveCount),
      { ...options, visibilityTimeoutSeconds: 2, waitTimeSeconds: 0 },
    );
    await vi.waitFor(() => expect(receives).toEqual([2]), 60_000);
  });

  it("handles the messages of a response in the queue's order, whatever their order in the response", async () => {
    rig.sqs.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args);
        (result.output as ReceiveMessageCommandOutput).Messages?.reverse();
        return result;
      },
      { step: "initialize" },
    );
    await rig.send(message([1]), message([2]), message([3]));
    await using _ = await subscribe(
      "billing",
      (change) => void seen.push(`${at(change)}`),
      options,
    );
    await vi.waitFor(() => expect(seen).toEqual(["1", "2", "3"]), 60_000);
  });

  it("drops repeated messages, and the handled changes of a failed message", async () => {
    await rig.send(message([1, 2]), message([1, 2]), message([3, 4]), message([4, 5]));
    let repeats = 0;
    let failures = 1;
    const left: number[] = [];
    await using _ = await subscribe(
      "billing",
      (change) => {
        if (at(change) === 4 && failures-- > 0) throw new Error("not yet");
        seen.push(`${at(change)}`);
      },
      {
        ...options,
        onRepeat: () => void repeats++,
        onHandled: ({ repeated }) => void left.push(repeated),
      },
    );
    // The last message contains a change that an earlier message contained too. The handler gets
    // the repeat, with the same id.
    await vi.waitFor(() => expect(seen).toEqual(["1", "2", "3", "4", "4", "5"]), 60_000);
    expect(repeats).toBe(1);
    await vi.waitFor(async () => expect(await rig.depth()).toBe(0), 60_000);
    expect(left).toEqual([0, 1, 0]);
  });

  it("hands over the repeats of a new epoch with their former ids", async () => {
    const ids: string[] = [];
    await using _ = await subscribe("billing", (change) => void ids.push(change.id), options);
    await rig.send(message([7]), message([7], { epoch: 2 }));
    await vi.waitFor(() => expect(ids).toHaveLength(2), 60_000);
    expect(ids[0]).toBe(ids[1]);
  });

  it("hands over late changes, which have their own group", async () => {
    await using _ = await subscribe(
      "billing",
      (change) => void seen.push(`${at(change)}`),
      options,
    );
    await rig.send(message([7]), message([5], { group: "shop.orders#late-24" }));
    await vi.waitFor(() => expect(seen.toSorted()).toEqual(["5", "7"]), 60_000);
  });

  it("deletes only handled messages when a deletion fails", async () => {
    using fault = rig.aws.faults.add({
      service: "sqs",
      action: "DeleteMessageBatch",
      effect: { kind: "error", code: "InternalError", status: 500 },
      calls: 4,
    });
    await rig.send(message([1]), message([2]));
    await using _ = await subscribe(
      "billing",
      (change) => void seen.push(`${at(change)}`),
      options,
    );
    await vi.waitFor(() => expect(seen).toEqual(["1", "2"]), 60_000);
    await vi.waitFor(async () => expect(await rig.depth()).toBe(0), 60_000);
    expect(seen).toEqual(["1", "2"]);
    expect(fault.strikes).toBe(4);
  });

  it("reports a message that SQS does not make visible again, and handles it after its visibility timeout", async () => {
    using fault = rig.aws.faults.add({
      service: "sqs",
      action: "ChangeMessageVisibilityBatch",
      calls: 1,
      effect: { kind: "failedEntries", code: "InternalError" },
    });
    await rig.send(message([1]));
    const contexts: ErrorContext[] = [];
    let failures = 1;
    await using _ = await subscribe(
      "billing",
      (change) => {
        if (failures-- > 0) throw new Error("not yet");
        seen.push(`${at(change)}`);
      },
      {
        ...options,
        visibilityTimeoutSeconds: 2,
        onError(error, context) {
          errors.push(error);
          contexts.push(context);
        },
      },
    );
    await vi.waitFor(() => expect(seen).toEqual(["1"]), 60_000);
    expect(errors.slice(1)).toEqual([new ReleaseRefusedError("InternalError")]);
    expect(contexts[1]).toMatchObject({ activity: "release", message: { group: "shop.orders" } });
    expect(fault.strikes).toBe(1);
  });

  it("reports that the queue could not be reached to make a message visible again", async () => {
    using fault = rig.aws.faults.add({
      service: "sqs",
      action: "ChangeMessageVisibilityBatch",
      effect: { kind: "error", code: "AccessDenied", status: 403 },
      calls: 1,
    });
    await rig.send(message([1]));
    const activities: string[] = [];
    let failures = 1;
    await using _ = await subscribe(
      "billing",
      (change) => {
        if (failures-- > 0) throw new Error("not yet");
        seen.push(`${at(change)}`);
      },
      {
        ...options,
        visibilityTimeoutSeconds: 2,
        onError: (_error, { activity }) => void activities.push(activity),
      },
    );
    await vi.waitFor(() => expect(seen).toEqual(["1"]), 60_000);
    expect(activities).toEqual(["handle", "release"]);
    expect(fault.strikes).toBe(1);
  });

  it("repeats the deletions that SQS refused in a batch, and handles each message once", async () => {
    const groups = ["a", "b", "c", "d"];
    using fault = rig.aws.faults.add({
      service: "sqs",
      action: "DeleteMessageBatch",
      calls: 3,
      effect: { kind: "failedEntries", code: "RequestThrottled", entries: [0] },
    });
    await rig.send(...groups.map((group, index) => message([index + 1], { group })));
    await using _ = await subscribe(
      "billing",
      (change) => void seen.push(`${at(change)}`),
      options,
    );
    await vi.waitFor(async () => expect(await rig.depth()).toBe(0), 60_000);
    expect(fault.strikes).toBeGreaterThan(0);
    expect(seen.toSorted()).toEqual(["1", "2", "3", "4"]);
    expect(errors).toEqual([]);
  });

  it("continues to receive after the queue could not be reached", async () => {
    using fault = rig.aws.faults.add({
      service: "sqs",
      action: "ReceiveMessage",
      effect: { kind: "reset" },
      calls: 4,
    });
    await rig.send(message([1]));
    await using _ = await subscribe(
      "billing",
      (change) => void seen.push(`${at(change)}`),
      options,
    );
    await vi.waitFor(() => expect(seen).toEqual(["1"]), 60_000);
    expect(errors).toHaveLength(1);
    expect(fault.strikes).toBe(4);
  });

  it("stops at a message of a later version and leaves it in the queue", async () => {
    await rig.sendText("shop.orders", JSON.stringify({ ...message([1]), version: 2 }));
    const subscription = await subscribe("billing", () => undefined, options);
    await expect(subscription.finished).rejects.toThrow(UnsupportedMessageVersionError);
    expect(errors).toHaveLength(1);
    expect(await rig.depth()).toBe(1);
  });

  it("leaves a message of a later version in the queue through more restarts than its maximum receives", async () => {
    await rig.sendText("shop.orders", JSON.stringify({ ...message([1]), version: 2 }));
    const first = await subscribe("billing", () => undefined, options);
    await expect(first.finished).rejects.toThrow(UnsupportedMessageVersionError);
    for (const offset of [2, 3, 4, 5]) {
      await rig.send(message([offset], { group: "other" }));
      const handled = Promise.withResolvers<void>();
      await using _ = await subscribe("billing", () => handled.resolve(), options);
      await handled.promise;
    }
    expect(await rig.depth()).toBe(1);
    expect(await rig.depth(rig.deadLetterUrl())).toBe(0);
  });

  it("refuses another environment's changes, whoever sent them to the queue", async () => {
    await rig.sendText("shop.orders", JSON.stringify(message([1], { environment: "production" })));
    await using _ = await subscribe(
      "billing",
      (change) => void seen.push(`${at(change)}`),
      options,
    );
    await vi.waitFor(() => expect(errors[0]).toBeInstanceOf(ForeignMessageError), 60_000);
    expect(seen).toEqual([]);
  });
});

describe("stopping", () => {
  it("finishes the running messages and makes the others visible again at once", async () => {
    await using rig = await startQueueRig();
    await rig.send(message([1]), message([2]), message([3], { group: "waiting" }));
    const options = { sqs: rig.sqs, source: "shop", environment: "staging", concurrency: 1 };
    const seen: number[] = [];
    const finish = Promise.withResolvers<void>();
    const stop = new AbortController();
    const first = await subscribe(
      "billing",
      async (change) => {
        seen.push(change.source.pos);
        await finish.promise;
        seen.push(-change.source.pos);
      },
      { ...options, signal: stop.signal },
    );
    await vi.waitFor(() => expect(seen).toEqual([1]), 60_000);
    stop.abort();
    finish.resolve();
    await first.finished;
    expect(seen).toEqual([1, -1]);
    await using _ = await subscribe(
      "billing",
      (change) => void seen.push(change.source.pos),
      options,
    );
    await vi.waitFor(() => expect(seen.toSorted(ascending)).toEqual([-1, 1, 2, 3]), 60_000);
  });
});
