import { randomUUID } from "node:crypto";
import type { Clock } from "../clock.ts";
import { Deadlines } from "./deadlines.ts";
import { Deduplication, deduplicationKey, type AcceptedMessage } from "./deduplication.ts";
import type { DeliveryOrder } from "./delivery-order.ts";
import { SqsError } from "./errors.ts";
import { FifoOrder } from "./fifo-order.ts";
import { LinkedList } from "./linked-list.ts";
import type { Message, MessageContent, MessageState } from "./message.ts";
import { Polls } from "./polls.ts";
import type { QueueAttributes } from "./queue-attributes.ts";
import { ReceiveAttempts } from "./receive-attempts.ts";
import { StandardOrder } from "./standard-order.ts";

export interface QueueOptions {
  readonly name: string;
  readonly arn: string;
  readonly url: string;
  readonly attributes: QueueAttributes;
  readonly clock: Clock;
  readonly nextSequenceNumber: () => string;
  /** Where a message goes that was received too often: asked at each receive, since the policy may change. */
  readonly deadLetters: () =>
    | { readonly queue: Queue; readonly maxReceiveCount: number }
    | undefined;
}

export interface ReceiveOptions {
  readonly most: number;
  readonly visibilityMs: number;
  readonly waitMs: number;
  readonly attemptId: string | undefined;
  /** Aborts when the client has gone. */
  readonly signal: AbortSignal;
}

/** SQS's quota of messages in flight, the same for standard and FIFO queues. */
const MOST_IN_FLIGHT = 120_000;

/** One queue: its messages and every change of their states. Each operation costs at most O(log n). */
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

  readonly #clock: Clock;
  readonly #options: QueueOptions;
  /** All messages, oldest first. */
  readonly #messages = new LinkedList<Message>();
  readonly #byId = new Map<string, Message>();
  readonly #order: DeliveryOrder;
  /** When delayed messages and those in flight become visible. */
  readonly #deadlines = new Deadlines<Message>();
  readonly #deduplication = new Deduplication();
  readonly #attempts = new ReceiveAttempts();
  readonly #polls: Polls<Message>;
  readonly #counts: Record<MessageState, number> = { delayed: 0, visible: 0, inFlight: 0, gone: 0 };
  #receives = 0;
  #alarm: { readonly atMs: number; readonly cancel: () => void } | undefined;

  constructor(options: QueueOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.name = options.name;
    this.arn = options.arn;
    this.url = options.url;
    this.attributes = options.attributes;
    this.fifo = options.attributes["FifoQueue"] === "true";
    this.createdMs = this.modifiedMs = this.#clock.now();
    this.#order = this.fifo ? new FifoOrder() : new StandardOrder();
    this.#polls = new Polls(this.#clock);
  }

  /** The approximate counts of GetQueueAttributes, which here are exact. */
  get counts(): Readonly<Record<"visible" | "inFlight" | "delayed", number>> {
    this.#settle();
    return this.#counts;
  }

  /** A setting in milliseconds, from its attribute in seconds. */
  durationMs(attribute: string): number {
    return Number(this.attributes[attribute]) * 1000;
  }

  /** Adds a message; one that repeats another's deduplication id is answered with that one. */
  send(content: MessageContent, delayMs: number): AcceptedMessage {
    const nowMs = this.#settle();
    const id = content.deduplicationId;
    const scope = this.attributes["DeduplicationScope"] ?? "queue";
    const key = id === undefined ? undefined : deduplicationKey(scope, content.groupId, id);
    const earlier = key === undefined ? undefined : this.#deduplication.find(key, nowMs);
    if (earlier !== undefined) return earlier;

    const message = this.#add(content, { id: randomUUID(), sentAtMs: nowMs, delayMs });
    const accepted = { id: message.id, sequenceNumber: message.sequenceNumber };
    if (key !== undefined) this.#deduplication.remember(key, accepted, nowMs);
    this.#wake();
    return accepted;
  }

  /** Messages for one ReceiveMessage, now in flight. Throws SqsError when too many are in flight already. */
  async receive(options: ReceiveOptions): Promise<Message[]> {
    const nowMs = this.#settle();
    const { attemptId } = options;
    const repeated = attemptId === undefined ? undefined : this.#attempts.find(attemptId, nowMs);
    if (repeated !== undefined) {
      for (const message of repeated) this.#setDeadline(message, nowMs + options.visibilityMs);
      return repeated;
    }
    if (!this.fifo && options.waitMs === 0 && this.#counts.inFlight >= MOST_IN_FLIGHT)
      throw new SqsError("OverLimit", "Too many messages in flight.");

    // Those that wait already come first.
    const take = (): Message[] => this.#take(options);
    const found = this.#polls.any ? [] : take();
    if (found.length > 0 || options.waitMs === 0) return found;
    const polling = this.#polls.wait(take, nowMs + options.waitMs, options.signal);
    this.#wake();
    return polling;
  }

  /**
   * The message that a receipt names: "current" when that was its latest receive and, in a FIFO queue, the message is
   * still in flight from it; "expired" otherwise; undefined when the message is gone.
   */
  findReceipt(
    messageId: string,
    receipt: string,
  ): { message: Message; validity: "current" | "expired" } | undefined {
    this.#settle();
    const message = this.#byId.get(messageId);
    if (message === undefined) return undefined;
    const current = message.receipt === receipt && (!this.fifo || message.state === "inFlight");
    return { message, validity: current ? "current" : "expired" };
  }

  delete(message: Message): void {
    this.#remove(message);
    this.#wake();
  }

  /** Lets a received message become visible so long from now; 0: at once. */
  changeVisibility(message: Message, visibilityMs: number): void {
    const nowMs = this.#settle();
    if (message.state === "visible") this.#hide(message);
    this.#setDeadline(message, nowMs + visibilityMs);
    this.#wake();
  }

  /** Undoes a receive whose answer could not be sent. */
  putBack(messages: readonly Message[]): void {
    for (const message of messages) {
      if (message.state !== "inFlight") continue;
      message.receiveCount--;
      this.#setDeadline(message, this.#clock.now());
    }
    this.#wake();
  }

  /** Takes over a message that another queue gave up. Its age counts on, except in a FIFO queue. */
  acceptDeadLetter(message: Message, source: string): void {
    const nowMs = this.#settle();
    const moved = this.#add(
      // So that the dead letters of two sends with one deduplication id are told apart.
      this.fifo ? { ...message, deduplicationId: message.id } : message,
      {
        id: message.id,
        sentAtMs: this.fifo ? nowMs : message.sentAtMs,
        delayMs: 0,
        deadLetterSource: source,
      },
    );
    moved.receiveCount = message.receiveCount;
    moved.firstReceivedAtMs = message.firstReceivedAtMs;
    this.#wake();
  }

  /**
   * Moves the next message that could be received to the queue that `destination` chooses, as a new message: "none" when
   * there is no such message, "gone" when that queue does not exist.
   */
  moveOne(destination: (message: Message) => Queue | undefined): "moved" | "none" | "gone" {
    const nowMs = this.#settle();
    for (const message of this.#order.deliverable()) {
      const queue = destination(message);
      if (queue === undefined) return "gone";
      this.#remove(message);
      queue.#add(message, { id: randomUUID(), sentAtMs: nowMs, delayMs: 0 });
      queue.#wake();
      return "moved";
    }
    return "none";
  }

  purge(): void {
    for (let node = this.#messages.first; node !== undefined; node = node.next)
      this.#remove(node.value);
  }

  /** After a change of the attributes: a FIFO queue's delay also holds for messages already sent. */
  attributesChanged(attributes: QueueAttributes): void {
    const newDelay = attributes["DelaySeconds"] !== this.attributes["DelaySeconds"];
    this.attributes = attributes;
    this.modifiedMs = this.#clock.now();
    if (this.fifo && newDelay) this.#delayAgain();
    this.#wake();
  }

  /** The queue was deleted: nobody waits for its messages any more. */
  close(): void {
    this.#alarm?.cancel();
    this.#alarm = undefined;
    this.#polls.failAll(new SqsError("QueueDoesNotExist", "The specified queue does not exist."));
  }

  #add(
    content: MessageContent,
    at: { id: string; sentAtMs: number; delayMs: number; deadLetterSource?: string },
  ): Message {
    const message: Message = {
      body: content.body,
      bodyMd5: content.bodyMd5,
      attributes: content.attributes,
      traceHeader: content.traceHeader,
      groupId: content.groupId,
      deduplicationId: content.deduplicationId,
      id: at.id,
      sequenceNumber: this.fifo ? this.#options.nextSequenceNumber() : undefined,
      sentAtMs: at.sentAtMs,
      deadLetterSource: at.deadLetterSource,
      state: at.delayMs > 0 ? "delayed" : "visible",
      receiveCount: 0,
      firstReceivedAtMs: undefined,
      receipt: undefined,
      deadline: undefined,
      inQueue: undefined,
      inOrder: undefined,
    };
    this.#counts[message.state]++;
    message.inQueue = this.#messages.push(message);
    this.#byId.set(message.id, message);
    if (at.delayMs > 0) this.#setDeadline(message, at.sentAtMs + at.delayMs);
    this.#order.added(message);
    return message;
  }

  #delayAgain(): void {
    for (let node = this.#messages.first; node !== undefined; node = node.next) {
      if (node.value.state === "delayed")
        this.#setDeadline(node.value, node.value.sentAtMs + this.durationMs("DelaySeconds"));
    }
  }

  #take(options: ReceiveOptions): Message[] {
    const nowMs = this.#settle();
    const taken: Message[] = [];
    const deadLetters = this.#options.deadLetters();
    for (const message of this.#order.deliverable()) {
      if (deadLetters !== undefined && message.receiveCount >= deadLetters.maxReceiveCount) {
        this.#remove(message);
        deadLetters.queue.acceptDeadLetter(message, this.arn);
        continue;
      }
      if (this.#counts.inFlight >= MOST_IN_FLIGHT) break;
      this.#hide(message);
      message.receiveCount++;
      message.firstReceivedAtMs ??= nowMs;
      message.receipt = (++this.#receives).toString(36);
      this.#setDeadline(message, nowMs + options.visibilityMs);
      taken.push(message);
      if (taken.length === options.most) break;
    }
    if (options.attemptId !== undefined && taken.length > 0)
      this.#attempts.remember(options.attemptId, taken, nowMs);
    return taken;
  }

  #hide(message: Message): void {
    this.#setState(message, "inFlight");
    this.#order.hidden(message);
  }

  #remove(message: Message): void {
    if (message.state === "gone") return;
    const wasInFlight = message.state === "inFlight";
    this.#setState(message, "gone");
    if (message.deadline !== undefined) this.#deadlines.remove(message.deadline);
    if (message.inQueue !== undefined) this.#messages.remove(message.inQueue);
    this.#byId.delete(message.id);
    this.#order.removed(message, wasInFlight);
  }

  #setState(message: Message, state: MessageState): void {
    this.#counts[message.state]--;
    this.#counts[state]++;
    message.state = state;
  }

  #setDeadline(message: Message, atMs: number): void {
    if (message.deadline !== undefined) this.#deadlines.remove(message.deadline);
    message.deadline = this.#deadlines.add(atMs, message);
  }

  /** Does what has fallen due, and says what time it is. Every operation begins with it. */
  #settle(): number {
    const nowMs = this.#clock.now();
    for (
      let due = this.#deadlines.first;
      due !== undefined && due.atMs <= nowMs;
      due = this.#deadlines.first
    ) {
      this.#deadlines.remove(due);
      const message = due.value;
      const wasDelayed = message.state === "delayed";
      message.deadline = undefined;
      this.#setState(message, "visible");
      if (wasDelayed) this.#order.appeared(message);
      else this.#order.returned(message);
    }
    const oldestMs = nowMs - this.durationMs("MessageRetentionPeriod");
    for (
      let node = this.#messages.first;
      node !== undefined && node.value.sentAtMs <= oldestMs;
      node = node.next
    )
      this.#remove(node.value);
    return nowMs;
  }

  /** Serves those who wait, and sets the alarm for the next message that becomes visible while somebody still does. */
  #wake(): void {
    if (!this.#polls.any) return;
    this.#settle();
    this.#polls.serve();
    const atMs = this.#polls.any ? this.#deadlines.first?.atMs : undefined;
    if (atMs === this.#alarm?.atMs) return;
    this.#alarm?.cancel();
    this.#alarm = undefined;
    if (atMs === undefined) return;
    const ring = (): void => {
      this.#alarm = undefined;
      this.#wake();
    };
    this.#alarm = { atMs, cancel: this.#clock.at(atMs, ring) };
  }
}
