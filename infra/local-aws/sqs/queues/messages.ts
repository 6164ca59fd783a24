import { Deadlines } from "../../time/deadlines.ts";
import type { DeliveryOrder } from "./delivery-order.ts";
import { LinkedList } from "./linked-list.ts";
import type { Message, MessageContent, MessageState } from "./message.ts";
import type { LoggedMessage, MessageLog } from "./message-log.ts";

export interface NewMessage {
  readonly id: string;
  readonly sequenceNumber: string | undefined;
  readonly sentAtMs: number;
  /** When the message becomes visible first; undefined: at once. */
  readonly visibleAtMs?: number | undefined;
  readonly deadLetterSource?: string;
  readonly receiveCount?: number;
  readonly firstReceivedAtMs?: number | undefined;
  /** Whether its deduplication id serves to recognise repeats. */
  readonly isSend?: boolean;
}

/**
 * The messages of one queue and the changes of their states. Every operation takes at most O(log
 * n), except an iteration over all.
 */
export class Messages {
  /** All messages, oldest first. */
  readonly #all = new LinkedList<Message>();
  readonly #byId = new Map<string, Message>();
  readonly #order: DeliveryOrder;
  readonly #log: MessageLog;
  /** When delayed messages and those in flight become visible. */
  readonly #deadlines = new Deadlines<Message>();
  readonly counts: Record<MessageState, number> = { delayed: 0, visible: 0, inFlight: 0, gone: 0 };

  /** Begins with the messages in the log. */
  constructor(order: DeliveryOrder, log: MessageLog) {
    this.#order = order;
    this.#log = log;
    for (const message of log.messages) this.#put(message);
  }

  /** The next time at which a message becomes visible by itself. */
  get nextDeadlineMs(): number | undefined {
    return this.#deadlines.first?.atMs;
  }

  find(id: string): Message | undefined {
    return this.#byId.get(id);
  }

  *[Symbol.iterator](): Generator<Message, void, void> {
    for (let node = this.#all.first, next; node !== undefined; node = next) {
      next = node.next;
      yield node.value;
    }
  }

  /** See `DeliveryOrder`. */
  deliverable(): Generator<Message, void, void> {
    return this.#order.deliverable();
  }

  add(content: MessageContent, added: NewMessage): Message {
    const logged: LoggedMessage = {
      body: content.body,
      attributes: content.attributes,
      traceHeader: content.traceHeader,
      groupId: content.groupId,
      deduplicationId: content.deduplicationId,
      id: added.id,
      sequenceNumber: added.sequenceNumber,
      sentAtMs: added.sentAtMs,
      visibleAtMs: added.visibleAtMs,
      deadLetterSource: added.deadLetterSource,
      receiveCount: added.receiveCount ?? 0,
      firstReceivedAtMs: added.firstReceivedAtMs,
    };
    this.#log.added(logged, added.isSend === true);
    return this.#put(logged);
  }

  #put({ visibleAtMs, ...logged }: LoggedMessage): Message {
    const message: Message = {
      ...logged,
      state: visibleAtMs === undefined ? "visible" : "delayed",
      receivedAtMs: undefined,
      receipt: undefined,
      deadline: undefined,
      inQueue: undefined,
      inOrder: undefined,
      beyondReach: undefined,
    };
    message.body.hold();
    this.counts[message.state]++;
    message.inQueue = this.#all.push(message);
    this.#byId.set(message.id, message);
    if (visibleAtMs !== undefined) this.#setDeadline(message, visibleAtMs);
    this.#order.added(message);
    return message;
  }

  /**
   * Puts a visible message in flight until `untilMs`, or changes the time for a message in flight.
   */
  hide(message: Message, untilMs: number): void {
    if (message.state === "visible") {
      this.#setState(message, "inFlight");
      this.#order.hidden(message);
    }
    this.#setDeadline(message, untilMs);
  }

  /** Counts a receive of a message that was put in flight. */
  received(message: Message, nowMs: number): void {
    message.firstReceivedAtMs ??= nowMs;
    message.receivedAtMs = nowMs;
    message.receiveCount++;
    this.#log.received(message.id, message.receiveCount, message.firstReceivedAtMs);
  }

  /** Changes when a delayed message becomes visible. */
  delay(message: Message, untilMs: number): void {
    if (message.state === "delayed") this.#setDeadline(message, untilMs);
  }

  remove(message: Message): void {
    if (message.state === "gone") return;
    this.#log.removed(message.id);
    const wasInFlight = message.state === "inFlight";
    this.#setState(message, "gone");
    if (message.deadline !== undefined) this.#deadlines.remove(message.deadline);
    if (message.inQueue !== undefined) this.#all.remove(message.inQueue);
    this.#byId.delete(message.id);
    this.#order.removed(message, wasInFlight);
    message.body.release();
  }

  /**
   * Makes messages visible whose deadline has passed, and drops messages that were sent at
   * `oldestMs` or before.
   */
  settle(nowMs: number, oldestMs: number): void {
    for (let due = this.#deadlines.first; due !== undefined; due = this.#deadlines.first) {
      if (due.atMs > nowMs) break;
      this.#deadlines.remove(due);
      this.#show(due.value);
    }
    for (let oldest = this.#all.first; oldest !== undefined; oldest = this.#all.first) {
      if (oldest.value.sentAtMs > oldestMs) break;
      this.remove(oldest.value);
    }
  }

  #show(message: Message): void {
    const wasDelayed = message.state === "delayed";
    message.deadline = undefined;
    this.#setState(message, "visible");
    if (wasDelayed) this.#order.appeared(message);
    else this.#order.returned(message);
  }

  #setState(message: Message, state: MessageState): void {
    this.counts[message.state]--;
    this.counts[state]++;
    message.state = state;
  }

  #setDeadline(message: Message, atMs: number): void {
    if (message.deadline !== undefined) this.#deadlines.remove(message.deadline);
    message.deadline = this.#deadlines.add(atMs, message);
  }
}
