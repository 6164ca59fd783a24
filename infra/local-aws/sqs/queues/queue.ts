import { randomUUID } from "node:crypto";
import type { Clock } from "../../time/clock.ts";
import { Deduplication, deduplicationKey, type AcceptedMessage } from "./deduplication.ts";
import { invalidParameter, SqsError } from "./errors.ts";
import { FifoOrder } from "./fifo-order.ts";
import type { Message, MessageContent } from "./message.ts";
import type { MessageLog } from "./message-log.ts";
import { Messages } from "./messages.ts";
import type { QueueAttributes } from "./queue-attributes.ts";
import { LONGEST_VISIBILITY_SECONDS, type QueueLimits } from "./queue-limits.ts";
import { type DeadLetters, type ReceiveOptions, Receives } from "./receives.ts";
import { RecentMessages } from "./recent-messages.ts";
import { StandardOrder } from "./standard-order.ts";

export interface QueueOptions {
  readonly name: string;
  readonly arn: string;
  readonly url: string;
  readonly attributes: QueueAttributes;
  readonly clock: Clock;
  readonly limits: QueueLimits;
  readonly nextSequenceNumber: () => string;
  /**
   * The dead-letter queue; undefined when there is none. Called at each receive, because the policy
   * may change.
   */
  readonly deadLetters: () => DeadLetters | undefined;
  /** Records the queue's messages. The queue begins with the messages in it. */
  readonly log: MessageLog;
}

/** A queue with the operations of SQS's actions. */
export class Queue {
  readonly id = randomUUID();
  readonly name: string;
  readonly arn: string;
  readonly url: string;
  readonly fifo: boolean;
  readonly createdMs: number;
  readonly tags = new Map<string, string>();
  attributes: QueueAttributes;
  modifiedMs: number;
  purgedMs: number | undefined;
  /**
   * Numbers of messages since the queue was created, as CloudWatch counts them: a move from another
   * queue does not count as sent.
   */
  readonly traffic = { sent: 0, received: 0, emptyReceives: 0, deleted: 0 };
  /** The latest messages, including deleted ones. */
  readonly recent = new RecentMessages();

  readonly #options: QueueOptions;
  readonly #clock: Clock;
  readonly #messages: Messages;
  readonly #deduplication = new Deduplication();
  readonly #receives: Receives;

  constructor(options: QueueOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.name = options.name;
    this.arn = options.arn;
    this.url = options.url;
    this.attributes = options.attributes;
    this.fifo = options.attributes["FifoQueue"] === "true";
    this.createdMs = this.modifiedMs = this.#clock.now();
    this.#messages = new Messages(
      this.fifo ? new FifoOrder(options.limits.reach) : new StandardOrder(),
      options.log,
    );
    for (const { deduplicationId, groupId, sentAtMs, ...accepted } of options.log.sends) {
      const key = deduplicationKey(this.#deduplicationScope, groupId, deduplicationId);
      this.#deduplication.remember(key, accepted, sentAtMs);
    }
    this.#receives = new Receives({
      clock: this.#clock,
      fifo: this.fifo,
      messages: this.#messages,
      mostInFlight: options.limits.inFlight,
      settle: () => this.#settle(),
      deadLetters: options.deadLetters,
      arn: this.arn,
      traffic: this.traffic,
    });
  }

  /** The counts of GetQueueAttributes. Unlike SQS's, they are exact. */
  get counts(): Readonly<Record<"visible" | "inFlight" | "delayed", number>> {
    this.#settle();
    return this.#messages.counts;
  }

  /** All messages in the queue, in any state, oldest first. Reading them changes nothing. */
  messages(): Iterable<Message> {
    this.#settle();
    return this.#messages;
  }

  /** A setting in milliseconds, from its attribute in seconds. */
  durationMs(attribute: string): number {
    return Number(this.attributes[attribute]) * 1000;
  }

  /**
   * Adds a message. A message that repeats a deduplication id is dropped, and the earlier message
   * is returned.
   */
  send(content: MessageContent, delayMs: number): AcceptedMessage {
    const nowMs = this.#settle();
    const id = content.deduplicationId;
    const scope = this.#deduplicationScope;
    const key = id === undefined ? undefined : deduplicationKey(scope, content.groupId, id);
    const earlier = key === undefined ? undefined : this.#deduplication.find(key, nowMs);
    if (earlier !== undefined) return earlier;

    const accepted = { id: randomUUID(), sequenceNumber: this.#sequenceNumber() };
    const visibleAtMs = delayMs > 0 ? nowMs + delayMs : undefined;
    const sent = { ...accepted, sentAtMs: nowMs, visibleAtMs, isSend: key !== undefined };
    const added = this.#messages.add(content, sent);
    this.traffic.sent++;
    this.recent.sent(added);
    if (key !== undefined) this.#deduplication.remember(key, accepted, nowMs);
    this.#receives.wake();
    return accepted;
  }

  /** Makes the changes of a batch. A waiting receive sees all of them, not only the first. */
  together<Result>(changes: () => Result): Result {
    return this.#receives.holdDuring(changes);
  }

  /** See `Receives.receive`. */
  receive(options: ReceiveOptions): Promise<Message[]> {
    return this.#receives.receive(options);
  }

  /**
   * The message of a receipt. "current": the receipt is that of the latest receive and, in a FIFO
   * queue, the message is still in flight; "expired" otherwise. Undefined when the message is gone.
   */
  findReceipt(messageId: string, receipt: string): ReceivedMessage | undefined {
    this.#settle();
    const message = this.#messages.find(messageId);
    if (message === undefined) return undefined;
    const current = message.receipt === receipt && (!this.fifo || message.state === "inFlight");
    return { message, validity: current ? "current" : "expired" };
  }

  delete(message: Message): void {
    if (message.state !== "gone") this.traffic.deleted++;
    this.recent.deleted(message, this.#clock.now());
    this.#messages.remove(message);
    this.#receives.wake();
  }

  /**
   * Makes a received message visible again after `visibilityMs`. Throws SqsError beyond 12 hours
   * after its receive.
   */
  changeVisibility(message: Message, visibilityMs: number): void {
    const nowMs = this.#settle();
    const untilMs = nowMs + visibilityMs;
    if (untilMs > (message.receivedAtMs ?? nowMs) + LONGEST_VISIBILITY_SECONDS * 1000) {
      throw invalidParameter(
        "VisibilityTimeout",
        visibilityMs / 1000,
        `Total VisibilityTimeout for the message is beyond the limit [${LONGEST_VISIBILITY_SECONDS} seconds]`,
      );
    }
    this.#messages.hide(message, untilMs);
    this.#receives.wake();
  }

  /**
   * Adds a message from a queue whose dead-letter queue this is. It keeps its age, except in a FIFO
   * queue.
   */
  acceptDeadLetter(message: Message, source: string): void {
    const nowMs = this.#settle();
    // Like SQS, replaces the deduplication id by the message's id, so that dead letters with the
    // same deduplication id stay distinct.
    const content = this.fifo ? { ...message, deduplicationId: message.id } : message;
    this.#messages.add(content, {
      id: message.id,
      sequenceNumber: this.#sequenceNumber(),
      sentAtMs: this.fifo ? nowMs : message.sentAtMs,
      deadLetterSource: source,
      receiveCount: message.receiveCount,
      firstReceivedAtMs: message.firstReceivedAtMs,
    });
    this.#receives.wake();
  }

  /**
   * Moves the next deliverable message to the queue that `destination` chooses, as a new message.
   * Returns "none" when there is no such message, "gone" when the destination does not exist.
   */
  moveOne(destination: (message: Message) => Queue | undefined): "moved" | "none" | "gone" {
    const nowMs = this.#settle();
    for (const message of this.#messages.deliverable()) {
      const queue = destination(message);
      if (queue === undefined) return "gone";
      // The message is added before it is removed, so that a crash in between duplicates it and
      // never loses it.
      const sequenceNumber = queue.#sequenceNumber();
      queue.#messages.add(message, { id: randomUUID(), sequenceNumber, sentAtMs: nowMs });
      this.#messages.remove(message);
      queue.#receives.wake();
      return "moved";
    }
    return "none";
  }

  purge(): void {
    for (const message of this.#messages) this.#messages.remove(message);
  }

  /** A FIFO queue's new delay also applies to messages that were sent before. */
  changeAttributes(attributes: QueueAttributes): void {
    this.attributes = attributes;
    this.modifiedMs = this.#settle();
    if (this.fifo && this.#messages.counts.delayed > 0) {
      const delayMs = this.durationMs("DelaySeconds");
      for (const message of this.#messages)
        this.#messages.delay(message, message.sentAtMs + delayMs);
    }
    this.#receives.wake();
  }

  /** Ends the waiting receives with an error, after the queue was deleted. */
  close(): void {
    this.#receives.failAll(
      new SqsError("QueueDoesNotExist", "The specified queue does not exist."),
    );
  }

  get #deduplicationScope(): string {
    return this.attributes["DeduplicationScope"] ?? "queue";
  }

  #sequenceNumber(): string | undefined {
    return this.fifo ? this.#options.nextSequenceNumber() : undefined;
  }

  /** Applies what is due by now and returns the time. Every operation begins with it. */
  #settle(): number {
    const nowMs = this.#clock.now();
    this.#messages.settle(nowMs, nowMs - this.durationMs("MessageRetentionPeriod"));
    return nowMs;
  }
}

export interface ReceivedMessage {
  readonly message: Message;
  readonly validity: "current" | "expired";
}
