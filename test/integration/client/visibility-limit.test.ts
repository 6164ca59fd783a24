import { GetQueueAttributesCommand } from "@aws-sdk/client-sqs";
import { once } from "node:events";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { subscribe, VisibilityLimitError, type ErrorContext } from "../../../client/index.ts";
import { message } from "../../support/client/messages.ts";
import { startQueueRig, type QueueRig } from "../../support/client/queue-rig.ts";

const HOUR_MS = 3_600_000;
const TIMEOUT_SECONDS = 7200;
/** The interval between two extensions. */
const EXTENSION_MS = (TIMEOUT_SECONDS * 1000) / 3;
const MINUTE_MS = 60_000;

describe("a handler that takes longer than SQS can hide its message", () => {
  let rig: QueueRig;
  let passedMs: number;
  /** The number of extensions that SQS has confirmed to the client. */
  let extended: number;

  beforeEach(async () => {
    rig = await startQueueRig();
    passedMs = 0;
    extended = 0;
    rig.sqs.middlewareStack.add(
      (next, { commandName }) =>
        async (args) => {
          const answer = await next(args);
          if (commandName === "ChangeMessageVisibilityBatchCommand") extended++;
          return answer;
        },
      { step: "initialize" },
    );
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] });
  });

  afterEach(async () => {
    vi.useRealTimers();
    await rig[Symbol.asyncDispose]();
  });

  /** Advances the clocks of the client and of SQS. */
  const pass = (ms: number): void => {
    passedMs += ms;
    rig.aws.clock.advance(ms);
    vi.advanceTimersByTime(ms);
  };

  /** Advances the clocks until the message has been extended `count` times. */
  const passExtensions = async (count: number): Promise<void> => {
    for (let done = 0; done < count; done++) {
      const before = extended;
      pass(EXTENSION_MS);
      await vi.waitFor(() => expect(extended).toBe(before + 1), 60_000);
      await new Promise(setImmediate);
    }
  };

  const hiddenMessages = async (): Promise<string | undefined> => {
    const { Attributes } = await rig.sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: rig.queueUrl(), AttributeNames: ["All"] }),
    );
    return Attributes?.["ApproximateNumberOfMessagesNotVisible"];
  };

  it("has its message extended up to the limit, and its signal aborted in time with the reason", async () => {
    await rig.send(message([1]));
    const errors: [unknown, ErrorContext][] = [];
    const begun = Promise.withResolvers<AbortSignal>();
    const finish = Promise.withResolvers<void>();
    await using _ = await subscribe(
      "billing",
      async (_change, { signal, receiveCount }) => {
        if (receiveCount > 1) return;
        begun.resolve(signal);
        await finish.promise;
      },
      {
        sqs: rig.sqs,
        source: "shop",
        environment: "staging",
        visibilityTimeoutSeconds: TIMEOUT_SECONDS,
        onError: (error, context) => void errors.push([error, context]),
      },
    );
    // At its end the subscription waits for its handler, so the handler must end even when an
    // expectation fails.
    using ending = new DisposableStack();
    ending.defer(() => finish.resolve());
    const signal = await begun.promise;
    const lost = once(signal, "abort");
    await passExtensions(15);
    while (!signal.aborted && passedMs < 13 * HOUR_MS) pass(MINUTE_MS);
    const hidden = await hiddenMessages();
    finish.resolve();
    await lost;
    expect(passedMs).toBeGreaterThanOrEqual(12 * HOUR_MS - 3 * MINUTE_MS);
    expect(passedMs).toBeLessThan(12 * HOUR_MS - MINUTE_MS);
    expect(hidden).toBe("1");
    expect(errors).toEqual([
      [
        expect.any(VisibilityLimitError),
        expect.objectContaining({
          activity: "extend",
          message: expect.objectContaining({ receiveCount: 1 }),
        }),
      ],
    ]);
  });

  it("has a failed message hidden for as long as SQS can when its back-off is longer", async () => {
    await rig.send(message([1]));
    const begun = Promise.withResolvers<void>();
    const failure = Promise.withResolvers<never>();
    failure.promise.catch(() => undefined);
    await using subscription = await subscribe(
      "billing",
      () => {
        begun.resolve();
        return failure.promise;
      },
      {
        sqs: rig.sqs,
        source: "shop",
        environment: "staging",
        visibilityTimeoutSeconds: TIMEOUT_SECONDS,
        waitTimeSeconds: 0,
        backoffSeconds: () => 43_200,
        onError: () => undefined,
      },
    );
    using ending = new DisposableStack();
    ending.defer(() => failure.reject(new Error("the handler failed")));
    await begun.promise;
    await passExtensions(6);
    failure.reject(new Error("the handler failed"));
    await subscription.stop();
    rig.aws.clock.advance(7.5 * HOUR_MS);
    expect(await hiddenMessages()).toBe("1");
    rig.aws.clock.advance(HOUR_MS);
    expect(await hiddenMessages()).toBe("0");
  });
});
