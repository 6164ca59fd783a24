import { ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import { expect, vi } from "vitest";
import { subscribe, type Change, type Subscription } from "../../../client/index.ts";
import type { AnyPositionStore } from "../../../client/position-store.ts";
import type { TestMysql } from "../mysql.ts";
import { LastRelease } from "./last-release.ts";
import { makeStorePlace, type StoreName, type StorePlace } from "./position-stores.ts";
import { startQueueRig, type QueueRig } from "./queue-rig.ts";

/** A queue, an application that reads it, and the application's position store. */
export class ApplicationRig implements AsyncDisposable {
  readonly queue: QueueRig;
  readonly stores: StorePlace;
  /** The handled changes, by `name`. */
  readonly seen: string[] = [];
  /** How many messages were deleted as repeats. */
  repeats = 0;
  /** The name of the change that the handler refuses; undefined: none. */
  refuses: string | undefined;

  constructor(queue: QueueRig, stores: StorePlace) {
    this.queue = queue;
    this.stores = stores;
  }

  /** Starts a process of the application. */
  start(positions: AnyPositionStore<unknown> = this.stores.open()): Promise<Subscription> {
    return subscribe<Record<string, Record<string, unknown>>, unknown>(
      "billing",
      (change) => this.#handle(change),
      {
        sqs: this.queue.sqs,
        source: "shop",
        environment: "staging",
        backoffSeconds: () => 0,
        onError: () => undefined,
        onRepeat: () => void this.repeats++,
        positions,
      },
    );
  }

  /**
   * Lets the last release handle messages that the rig receives itself and does not delete: each is
   * visible again at once. Returns the outcomes.
   */
  async startLastRelease(times = 1): Promise<string[]> {
    const run = (changes: readonly Change[]): Promise<void> => {
      for (const change of changes) this.#handle(change);
      return Promise.resolve();
    };
    const old = new LastRelease({
      positions: this.stores.open(),
      handler: { batch: false, run },
    });
    const outcomes: string[] = [];
    for (let n = 0; n < times; n++) {
      const { Messages: [received] = [] } = await this.queue.sqs.send(
        new ReceiveMessageCommand({
          QueueUrl: this.queue.queueUrl(),
          MaxNumberOfMessages: 1,
          VisibilityTimeout: 0,
          MessageSystemAttributeNames: ["MessageGroupId", "ApproximateReceiveCount"],
        }),
      );
      const { kind } = await old.process({
        id: received?.MessageId ?? "",
        group: received?.Attributes?.MessageGroupId ?? "",
        body: received?.Body ?? "",
        receiveCount: Number(received?.Attributes?.ApproximateReceiveCount),
        receiptHandle: received?.ReceiptHandle ?? "",
        heldUntil: Infinity,
        longestUntil: Infinity,
        lost: new AbortController(),
      });
      outcomes.push(kind);
    }
    return outcomes;
  }

  /** Resolves when all messages were deleted or moved to the dead-letter queue. */
  async untilEmpty(): Promise<void> {
    await vi.waitFor(async () => expect(await this.queue.depth()).toBe(0), 60_000);
  }

  #handle({ id, source }: Pick<Change, "id" | "source">): void {
    const name = id.startsWith("new") ? `new ${source.pos}` : `${source.pos}`;
    if (name === this.refuses) throw new Error("not yet");
    this.seen.push(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stores[Symbol.asyncDispose]();
    await this.queue[Symbol.asyncDispose]();
  }
}

/** Starts a rig with empty queues (at most three receives per message) and an empty store. */
export async function startApplicationRig(
  name: StoreName,
  mysql: TestMysql,
): Promise<ApplicationRig> {
  const queue = await startQueueRig({ maxReceiveCount: 3 });
  return new ApplicationRig(queue, await makeStorePlace(name, queue, mysql));
}
