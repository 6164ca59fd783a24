/**
 * How long a function waits for the response to a request to a queue. All times are in
 * milliseconds.
 *
 * While a frame's messages are being sent, its lane waits, and with it every other environment. The
 * patience therefore limits how long one queue can delay the others.
 */
export interface Patience {
  /** How long a request of this size may take, including retries. */
  forRequest(queueName: string, bytes: number): number;
  /** Called after each request that SQS accepted, or that was aborted without a response. */
  ended(request: PastRequest): void;
}

export interface PastRequest {
  readonly queueName: string;
  readonly bytes: number;
  /** By the clock of `performance.now()`. */
  readonly startedAt: number;
}

/** A constant patience, for functions in which queues do not wait for each other. */
export function fixedPatience(ms: number): Patience {
  return { forRequest: () => ms, ended: () => undefined };
}

/**
 * The patience before the sample is large enough, and its maximum. With it, a cold start or a slow
 * SQS parks nothing.
 */
const LONGEST_MS = 1000;
/** A response within this time, or within this multiple of the sample's median, is not slow. */
const USUAL_MS = 100;
const USUAL_MEDIANS = 5;
/** Large bodies get extra time, at an expected rate of 2 MB/s. */
const BYTES_PER_MS = 2000;
/**
 * Extra time beyond the usual: EXTRA_MS for one request, CREDIT_MS in total for the requests to a
 * queue. The total is refilled within CREDIT_RETURNS_MS.
 */
const EXTRA_MS = 200;
const CREDIT_MS = 500;
const CREDIT_RETURNS_MS = 60_000;

/**
 * The size of the sample of latest requests. The sample is used once it is half full.
 */
const LATEST = 32;

interface Credit {
  readonly leftMs: number;
  /** When the credit was last charged. Delays before that are not charged again. */
  readonly chargedAt: number;
}

/**
 * A patience that is short while requests are fast. A queue that does not respond delays the others
 * by the usual time plus `EXTRA_MS`. A queue that responds more slowly than usual uses up its
 * credit, after which its requests are aborted at the usual time.
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
      // Parallel requests are late at the same time. Each moment is charged only once.
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
