import type { Message, MessageState } from "./queues/message.ts";
import type { Queue } from "./queues/queue.ts";
import type { Queues } from "./queues/queues.ts";

/** A queue's present counts and its traffic. */
export interface QueueView {
  readonly name: string;
  readonly visible: number;
  readonly inFlight: number;
  readonly delayed: number;
  /**
   * The age of the oldest message that was received at most three times, like CloudWatch's metric;
   * undefined when there is no such message.
   */
  readonly oldestAgeMs: number | undefined;
  readonly sent: number;
  readonly received: number;
  readonly emptyReceives: number;
  readonly deleted: number;
}

/** A message without its body. */
export interface MessageView {
  readonly id: string;
  readonly group: string | undefined;
  readonly state: MessageState;
  readonly sentAtMs: number;
  readonly receivedAtMs: number | undefined;
  readonly deletedAtMs: number | undefined;
  readonly receiveCount: number;
  /** The length of the body, characters. */
  readonly length: number;
}

/** SQS's age of the oldest message ignores messages with more receives. */
const RECEIVES_OF_OLDEST = 3;
/** How many messages are searched for the oldest one. */
const MOST_LOOKED_AT = 10_000;

/** Reads queues without receiving: no message is hidden, and no receive is counted. */
export class QueueInspector {
  readonly #queues: Queues;

  constructor(queues: Queues) {
    this.#queues = queues;
  }

  all(): QueueView[] {
    const nowMs = this.#queues.clock.now();
    return this.#queues.all().map((queue) => viewOf(queue, nowMs));
  }

  /**
   * The first `limit` messages of a queue, oldest first; undefined when the queue does not exist.
   */
  messages(name: string, limit: number): MessageView[] | undefined {
    const queue = this.#queues.find(name);
    if (queue === undefined) return undefined;
    return Array.from(queue.messages())
      .slice(0, limit)
      .map((message) => messageView(message));
  }

  /** The latest messages of a queue with their bodies, newest first, including deleted ones. */
  recent(name: string): { readonly view: MessageView; readonly body: string }[] {
    const entries = this.#queues.find(name)?.recent.all() ?? [];
    return entries.map(({ message, deletedAtMs }) => ({
      view: messageView(message, deletedAtMs),
      body: message.body.text,
    }));
  }

  /**
   * The body of a message that is in the queue or among its recent messages; undefined for others.
   */
  body(name: string, id: string): string | undefined {
    const queue = this.#queues.find(name);
    if (queue === undefined) return undefined;
    for (const message of queue.messages()) if (message.id === id) return message.body.text;
    return queue.recent.all().find(({ message }) => message.id === id)?.message.body.text;
  }
}

function viewOf(queue: Queue, nowMs: number): QueueView {
  return {
    name: queue.name,
    visible: queue.counts.visible,
    inFlight: queue.counts.inFlight,
    delayed: queue.counts.delayed,
    oldestAgeMs: oldestAgeMs(queue, nowMs),
    ...queue.traffic,
  };
}

function oldestAgeMs(queue: Queue, nowMs: number): number | undefined {
  let looked = 0;
  for (const { receiveCount, sentAtMs } of queue.messages()) {
    if (receiveCount <= RECEIVES_OF_OLDEST) return Math.max(0, nowMs - sentAtMs);
    if (++looked === MOST_LOOKED_AT) break;
  }
  return undefined;
}

function messageView(message: Message, deletedAtMs?: number): MessageView {
  const { id, groupId: group, state, sentAtMs, receivedAtMs, receiveCount, body } = message;
  const length = body.length;
  return { id, group, state, sentAtMs, receivedAtMs, deletedAtMs, receiveCount, length };
}
