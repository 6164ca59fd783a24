/**
 * How long a function waits for the answer to a request to a queue. All times are milliseconds.
 *
 * While the sends of a frame are under way its lane stands still, and every other environment with
 * it. So this is also how long one queue can delay the others.
 */
export interface Patience {
  /** How long a request of this many bytes may take, repetitions included. */
  forRequest(queueName: string, bytes: number): number;
  /** Told of each request that SQS took, or that was given up because no answer came. */
  ended(request: PastRequest): void;
}

export interface PastRequest {
  readonly queueName: string;
  readonly bytes: number;
  /** On the clock of `performance.now()`. */
  readonly startedAt: number;
}

/** The same for every request: for a function in which no queue waits for another. */
export function fixedPatience(ms: number): Patience {
  return { forRequest: () => ms, ended: () => undefined };
}

/**
 * When nothing is known of what requests take, and never longer. A cold start, or an SQS that is
 * slow as a whole, parks nothing.
 */
const LONGEST_MS = 1000;
/** An answer within this time, or within this multiple of the latest ones' median, is not slow. */
const USUAL_MS = 100;
const USUAL_MEDIANS = 5;
/** A large body takes its time: SQS is counted on for 2 MB/s. */
const BYTES_PER_MS = 2000;
/**
 * Extra time beyond the usual: of one request, and of all requests to a queue; the sum is refilled
 * within a minute.
 */
const EXTRA_MS = 200;
const CREDIT_MS = 500;
const CREDIT_RETURNS_MS = 60_000;

/**
 * How many of the latest requests are the sample for what is usual. It counts once it is half full.
 */
const LATEST = 32;

interface Credit {
  readonly leftMs: number;
  /** When it was last charged: what was late before has been paid for. */
  readonly chargedAt: number;
}

/**
 * Patience that is short while other requests are fast. A queue that is silent delays others by the
 * usual time and `EXTRA_MS` before it is given up; one that answers, but more slowly than is usual,
 * uses up its credit, and is given up then.
 */
export class RelativePatience implements Patience {
  readonly #now: () => number;
  readonly #latest: number[] = [];
  readonly #credits = new Map<string, Credit>();

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  forRequest(queueName: string, bytes: number): number {
    if (!this.#known) return LONGEST_MS;
    const extraMs = Math.min(EXTRA_MS, this.#creditOf(queueName));
    return Math.min(LONGEST_MS, Math.round(this.#usualMs(bytes) + extraMs));
  }

  ended({ queueName, bytes, startedAt }: PastRequest): void {
    const now = this.#now();
    if (this.#known) {
      // Requests side by side are late together: a moment is charged once.
      const paidUntil = this.#credits.get(queueName)?.chargedAt ?? startedAt;
      const lateMs = now - Math.max(startedAt + this.#usualMs(bytes), paidUntil);
      if (lateMs > 0) {
        const leftMs = Math.max(0, this.#creditOf(queueName) - lateMs);
        this.#credits.set(queueName, { leftMs, chargedAt: now });
      }
    }
    this.#latest.push(now - startedAt);
    if (this.#latest.length > LATEST) this.#latest.shift();
  }

  get #known(): boolean {
    return this.#latest.length >= LATEST / 2;
  }

  #usualMs(bytes: number): number {
    const sorted = this.#latest.toSorted((a, b) => a - b);
    const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
    return Math.max(USUAL_MS, USUAL_MEDIANS * median) + bytes / BYTES_PER_MS;
  }

  #creditOf(queueName: string): number {
    const credit = this.#credits.get(queueName);
    if (credit === undefined) return CREDIT_MS;
    const returned = ((this.#now() - credit.chargedAt) * CREDIT_MS) / CREDIT_RETURNS_MS;
    return Math.min(CREDIT_MS, credit.leftMs + returned);
  }
}
