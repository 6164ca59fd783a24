import { Alarm } from "../../time/alarm.ts";
import type { Clock } from "../../time/clock.ts";
import { SqsError } from "./errors.ts";
import type { Message } from "./message.ts";
import type { Messages } from "./messages.ts";
import { Polls } from "./polls.ts";
import { ReceiveAttempts } from "./receive-attempts.ts";

export interface ReceiveOptions {
  readonly most: number;
  readonly visibilityMs: number;
  readonly waitMs: number;
  readonly attemptId: string | undefined;
  /** Aborts when the client closes the connection. */
  readonly signal: AbortSignal;
}

export interface DeadLetters {
  readonly queue: { readonly acceptDeadLetter: (message: Message, source: string) => void };
  readonly maxReceiveCount: number;
}

interface ReceivesOptions {
  readonly clock: Clock;
  readonly fifo: boolean;
  readonly messages: Messages;
  /** How many messages may be in flight. */
  readonly mostInFlight: number;
  /** Applies what is due by now and returns the time. */
  readonly settle: () => number;
  /** See `QueueOptions`. */
  readonly deadLetters: () => DeadLetters | undefined;
  /** The queue's ARN. */
  readonly arn: string;
  /** The counters that receives increase. */
  readonly traffic: { received: number; emptyReceives: number };
}

/** The receives of one queue, including those that wait for messages. */
export class Receives {
  readonly #options: ReceivesOptions;
  readonly #attempts: ReceiveAttempts;
  readonly #polls: Polls<Message>;
  readonly #alarm: Alarm;
  #receipts = 0;
  #isHeld = false;

  constructor(options: ReceivesOptions) {
    this.#options = options;
    this.#attempts = new ReceiveAttempts(options.messages);
    this.#polls = new Polls(options.clock);
    this.#alarm = new Alarm(options.clock, () => this.wake());
  }

  /**
   * Puts messages for one ReceiveMessage in flight and returns them; none when the client closes
   * the connection before that. Their bodies are held for the answer. Throws SqsError when too many
   * messages are in flight already.
   */
  async receive(options: ReceiveOptions): Promise<Message[]> {
    if (options.signal.aborted) return [];
    const { messages, settle, fifo } = this.#options;
    const nowMs = settle();
    const { attemptId } = options;
    const repeated = attemptId === undefined ? undefined : this.#attempts.find(attemptId, nowMs);
    if (repeated !== undefined) {
      for (const message of repeated) {
        messages.hide(message, nowMs + options.visibilityMs);
        message.receivedAtMs = nowMs;
        message.body.hold();
      }
      return repeated;
    }
    if (!fifo && options.waitMs === 0 && this.#full)
      throw new SqsError("OverLimit", "Too many messages in flight.");

    const take = (): Message[] => this.#take(options);
    // Waiting receives are served first.
    const found = this.#polls.any ? [] : take();
    if (found.length > 0 || options.waitMs === 0) return this.#counted(found);
    const polling = this.#polls.wait(take, nowMs + options.waitMs, options.signal);
    this.wake();
    return this.#counted(await polling);
  }

  /**
   * Serves waiting receives. If some still wait, sets the alarm to the time when the next message
   * becomes visible.
   */
  wake(): void {
    if (this.#isHeld || !this.#polls.any) return;
    this.#options.settle();
    this.#polls.serve();
    this.#alarm.set(this.#polls.any ? this.#options.messages.nextDeadlineMs : undefined);
  }

  /** Serves waiting receives only after `work`, so that one of them gets all that it adds. */
  holdDuring<Result>(work: () => Result): Result {
    this.#isHeld = true;
    try {
      return work();
    } finally {
      this.#isHeld = false;
      this.wake();
    }
  }

  /** Rejects the waiting receives. */
  failAll(error: Error): void {
    this.#alarm.clear();
    this.#polls.failAll(error);
  }

  #counted(received: Message[]): Message[] {
    const { traffic } = this.#options;
    if (received.length === 0) traffic.emptyReceives++;
    traffic.received += received.length;
    return received;
  }

  get #full(): boolean {
    const { messages, mostInFlight } = this.#options;
    return messages.counts.inFlight >= mostInFlight;
  }

  #take(options: ReceiveOptions): Message[] {
    const { messages, settle, arn } = this.#options;
    const nowMs = settle();
    const deadLetters = this.#options.deadLetters();
    const taken: Message[] = [];
    for (const message of messages.deliverable()) {
      if (deadLetters !== undefined && message.receiveCount >= deadLetters.maxReceiveCount) {
        deadLetters.queue.acceptDeadLetter(message, arn);
        messages.remove(message);
        continue;
      }
      if (this.#full) break;
      messages.hide(message, nowMs + options.visibilityMs);
      messages.received(message, nowMs);
      message.receipt = (++this.#receipts).toString(36);
      message.body.hold();
      taken.push(message);
      if (taken.length === options.most) break;
    }
    if (options.attemptId !== undefined && taken.length > 0)
      this.#attempts.remember(options.attemptId, taken, nowMs);
    return taken;
  }
}
