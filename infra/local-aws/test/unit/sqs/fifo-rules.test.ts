import fc from "fast-check";
import { expect, test } from "vitest";
import type { Message } from "../../../sqs/queues/message.ts";
import type { Queue } from "../../../sqs/queues/queue.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { contentForTest, queueForTest, receiveForTest } from "../../support/queue-for-test.ts";

/**
 * A model of a FIFO queue: a list of all messages that is searched from the beginning each time.
 * After every step of a random history the queue must agree with it.
 */
interface Described {
  readonly body: string;
  readonly group: string;
  /** When the message becomes visible again; undefined while it is visible. */
  hiddenUntilMs: number | undefined;
  /** The message's latest receive. */
  received: { messageId: string; receipt: string } | undefined;
}

type Step =
  | { readonly kind: "send"; readonly group: string }
  | { readonly kind: "receive"; readonly most: number; readonly visibilityMs: number }
  | { readonly kind: "delete"; readonly which: number }
  | { readonly kind: "change"; readonly which: number; readonly visibilityMs: number }
  | { readonly kind: "pass"; readonly ms: number };

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("send"), group: fc.constantFrom("a", "b", "c") }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("receive"),
      most: fc.integer({ min: 1, max: 10 }),
      visibilityMs: fc.constantFrom(0, 1000, 5000),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("delete"), which: fc.nat(20) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("change"),
      which: fc.nat(20),
      visibilityMs: fc.constantFrom(0, 3000),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("pass"), ms: fc.constantFrom(999, 1000, 4000) }),
  },
) as fc.Arbitrary<Step>;

test("random histories keep the rules of a FIFO queue", { timeout: 240_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyStep, { maxLength: 60, size: "max" }), async (steps) => {
      const history = new History();
      for (const one of steps) await history.take(one);
    }),
    { numRuns: 400 },
  );
});

class History {
  readonly #clock = new ManualClock();
  readonly #queue: Queue = queueForTest(this.#clock, { FifoQueue: "true" });
  #messages: Described[] = [];
  #sent = 0;

  async take(step: Step): Promise<void> {
    this.#showDue();
    switch (step.kind) {
      case "send": {
        const body = String(++this.#sent);
        this.#queue.send(contentForTest(body, step.group), 0);
        this.#messages.push({
          body,
          group: step.group,
          hiddenUntilMs: undefined,
          received: undefined,
        });
        break;
      }
      case "receive":
        this.#received(
          await receiveForTest(this.#queue, { most: step.most, visibilityMs: step.visibilityMs }),
          step,
        );
        break;
      case "delete": {
        const message = this.#inFlight(step.which);
        if (message === undefined) break;
        this.#queue.delete(this.#find(message));
        this.#messages = this.#messages.filter((other) => other !== message);
        break;
      }
      case "change": {
        const message = this.#inFlight(step.which);
        if (message === undefined) break;
        this.#queue.changeVisibility(this.#find(message), step.visibilityMs);
        message.hiddenUntilMs = this.#clock.now() + step.visibilityMs;
        break;
      }
      case "pass":
        this.#clock.advance(step.ms);
        break;
      default:
        step satisfies never;
    }
    this.#showDue();
    expect(this.#queue.counts).toMatchObject({
      visible: this.#messages.filter(({ hiddenUntilMs }) => hiddenUntilMs === undefined).length,
      inFlight: this.#messages.filter(({ hiddenUntilMs }) => hiddenUntilMs !== undefined).length,
    });
  }

  #received(received: readonly Message[], step: Step & { kind: "receive" }): void {
    const locked = new Set(
      this.#messages
        .filter(({ hiddenUntilMs }) => hiddenUntilMs !== undefined)
        .map(({ group }) => group),
    );
    const deliverable = this.#messages.filter(({ group }) => !locked.has(group));
    expect(received).toHaveLength(Math.min(step.most, deliverable.length));

    const groups = [...new Set(received.map(({ groupId }) => groupId))];
    // A receive takes all of a group's messages, oldest first, before it turns to the next group.
    const expected = groups.flatMap((id) => deliverable.filter(({ group }) => group === id));
    expect(received.map(({ body }) => body.text)).toEqual(
      expected.slice(0, received.length).map(({ body }) => body),
    );
    for (const message of received) {
      const described = this.#messages.find(({ body }) => body === message.body.text);
      if (described === undefined)
        throw new Error("the queue returned a message that was never sent");
      described.hiddenUntilMs = this.#clock.now() + step.visibilityMs;
      described.received = { messageId: message.id, receipt: message.receipt ?? "" };
    }
  }

  #inFlight(which: number): Described | undefined {
    const inFlight = this.#messages.filter(({ hiddenUntilMs }) => hiddenUntilMs !== undefined);
    return inFlight[which % Math.max(1, inFlight.length)];
  }

  #find({ received }: Described): Message {
    const found = this.#queue.findReceipt(received?.messageId ?? "", received?.receipt ?? "");
    if (found?.validity !== "current")
      throw new Error("the queue does not accept the receipt of a message in flight");
    return found.message;
  }

  #showDue(): void {
    for (const message of this.#messages) {
      if (message.hiddenUntilMs !== undefined && message.hiddenUntilMs <= this.#clock.now())
        message.hiddenUntilMs = undefined;
    }
  }
}
