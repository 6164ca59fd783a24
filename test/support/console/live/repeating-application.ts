import { setTimeout as delay } from "node:timers/promises";
import { ReceiveMessageCommand, SendMessageCommand } from "@aws-sdk/client-sqs";
import { embeddedMetrics } from "@binlog-router/local-aws/cloudwatch";
import { expect } from "vitest";
import { subscribe, type Subscription } from "../../../../client/index.ts";
import { ROUTE_METRICS } from "../../../../wire/metrics.ts";
import { waiting } from "./cause.ts";
import type { LiveStack } from "./live-stack.ts";

const QUEUE = "shop-billing-staging.fifo";
const COPIES_EVERY_MS = 500;

/** The application billing of staging, in whose queue nothing but copies of one message arrive. */
export class RepeatingApplication {
  readonly #stack: LiveStack;
  readonly #subscription: Subscription;
  readonly #body: string;
  readonly #group: string;
  readonly #print: typeof console.error;
  readonly #printed: string[];
  readonly #counted: () => number;
  #copies = 0;
  #sentMs = 0;

  private constructor(
    stack: LiveStack,
    parts: {
      readonly body: string;
      readonly group: string;
      readonly subscription: Subscription;
      readonly print: typeof console.error;
      readonly printed: string[];
      readonly counted: () => number;
    },
  ) {
    this.#stack = stack;
    this.#body = parts.body;
    this.#group = parts.group;
    this.#subscription = parts.subscription;
    this.#print = parts.print;
    this.#printed = parts.printed;
    this.#counted = parts.counted;
  }

  /** Writes a row and starts the application, which handles it. */
  static async start(stack: LiveStack): Promise<RepeatingApplication> {
    const { sqs } = stack.clients;
    stack.asleep.add(QUEUE);
    await stack.write();
    while (waiting(stack, QUEUE) === 0) await delay(50);
    const { Messages: messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: stack.queueUrl(QUEUE),
        VisibilityTimeout: 0,
        MessageSystemAttributeNames: ["MessageGroupId"],
      }),
    );
    const body = messages[0]?.Body ?? "";
    const group = messages[0]?.Attributes?.MessageGroupId ?? "";
    // Without callbacks for it, the client prints what it has to say.
    const { error: print } = console;
    const printed: string[] = [];
    console.error = (line: unknown) => void printed.push(String(line));
    const handled = Promise.withResolvers<void>();
    let counted = 0;
    const subscription = await subscribe("billing", () => handled.resolve(), {
      sqs,
      source: "shop",
      environment: "staging",
      waitTimeSeconds: 1,
      onRepeat: ({ total }) => void (counted = total),
    });
    await handled.promise;
    return new RepeatingApplication(stack, {
      body,
      group,
      subscription,
      print,
      printed,
      counted: () => counted,
    });
  }

  /** Sends another copy now and then, as a script of somebody does. */
  async sendCopies(): Promise<void> {
    if (performance.now() - this.#sentMs < COPIES_EVERY_MS) return;
    this.#sentMs = performance.now();
    await this.#stack.clients.sqs.send(
      new SendMessageCommand({
        QueueUrl: this.#stack.queueUrl(QUEUE),
        MessageGroupId: this.#group,
        MessageDeduplicationId: `copy-${this.#copies}`,
        MessageBody: this.#body,
      }),
    );
    this.#copies++;
  }

  /**
   * Throws until the route function has counted the frames that it dropped, and the client has
   * counted the copies and said once that nothing else comes.
   */
  async expectTold(): Promise<void> {
    const lines = (await this.#stack.log("route")).split("\n").flatMap(embeddedMetrics);
    const dropped = lines.filter(({ metric }) => metric.name === ROUTE_METRICS.framesRepeated);
    expect(dropped.flatMap(({ values }) => values).length).toBeGreaterThan(0);
    expect(this.#counted()).toBeGreaterThan(this.#copies - 5);
    expect(this.#printed).toEqual([
      expect.stringMatching(/billing\/staging: no message was handled .* as repeats/),
    ]);
  }

  async stop(): Promise<void> {
    await this.#subscription.stop();
    console.error = this.#print;
    this.#stack.asleep.delete(QUEUE);
  }
}
