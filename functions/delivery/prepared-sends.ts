import type { PreparedRequest } from "../../wire/copied-requests.ts";

/**
 * Each takes the memory of a message's body: that of a group's next message, and that of the next
 * frame's first one.
 */
const MOST = 2;
/** An older one is not sent any more, because its message is parked, milliseconds. */
const KEPT_MS = 10_000;

interface Prepared {
  readonly request: Promise<PreparedRequest>;
  readonly sinceMs: number;
}

/** Requests that were made ahead, by what they send. */
export class PreparedSends {
  readonly #prepared = new Map<object, Prepared>();

  /** Keeps what `make` returns, unless there are enough requests. */
  add(key: object, make: () => Promise<PreparedRequest>): void {
    const nowMs = performance.now();
    for (const [other, { sinceMs }] of this.#prepared)
      if (nowMs - sinceMs > KEPT_MS) this.#prepared.delete(other);
    if (this.#prepared.size >= MOST || this.#prepared.has(key)) return;
    const request = make();
    // The error is thrown where the request is sent.
    request.catch(() => undefined);
    this.#prepared.set(key, { request, sinceMs: nowMs });
  }

  /** The request, which is not kept any more. */
  take(key: object): Promise<PreparedRequest> | undefined {
    const prepared = this.#prepared.get(key);
    this.#prepared.delete(key);
    if (prepared === undefined || performance.now() - prepared.sinceMs > KEPT_MS) return undefined;
    return prepared.request;
  }
}
