import type { AnyTables, ChangeOf, TableRows } from "./change.ts";
import type { SubscribeOptions } from "./options.ts";
import { subscribe } from "./subscribe.ts";
import { UnfinishedError } from "./unfinished.ts";

/**
 * An environment's changes for a `for await` loop. A change counts as handled when the loop asks
 * for the next one. Leaving the loop (break, return, an error) gives the current change back. To
 * leave the loop with the current change handled, abort `options.signal`: the loop then ends after
 * the current message. Throws what `subscribe` throws, and UnsupportedMessageVersionError.
 */
export async function* iterate<Tables extends TableRows = AnyTables>(
  subscriber: string,
  options: Omit<SubscribeOptions<Tables>, "concurrency"> = {},
): AsyncGenerator<ChangeOf<Tables>, void, undefined> {
  const handover = new Handover<ChangeOf<Tables>>();
  const subscription = await subscribe<Tables>(subscriber, (change) => handover.offer(change), {
    ...options,
    concurrency: 1,
  });
  const end = (): void => handover.end();
  void subscription.finished.then(end, end);
  try {
    for (;;) {
      const offer = await handover.take();
      if (offer === undefined) break;
      yield offer.value;
      offer.handled();
    }
  } finally {
    handover.end();
    await subscription.stop();
  }
  await subscription.finished;
}

interface Offer<T> {
  readonly value: T;
  readonly handled: () => void;
  readonly refused: () => void;
}

/**
 * Passes one value at a time from a handler to a loop, and tells the handler when the loop has
 * finished with it.
 */
class Handover<T> {
  #offer: Offer<T> | undefined;
  #waiting: ((offer: Offer<T> | undefined) => void) | undefined;
  #ended = false;

  /**
   * Resolves when the loop has finished with the value; rejects with UnfinishedError when the loop
   * ends before that.
   */
  offer(value: T): Promise<void> {
    if (this.#ended) return Promise.reject(new UnfinishedError());
    return new Promise<void>((resolve, reject) => {
      const offer: Offer<T> = {
        value,
        handled: () => {
          this.#offer = undefined;
          resolve();
        },
        refused: () => reject(new UnfinishedError()),
      };
      this.#offer = offer;
      this.#waiting?.(offer);
    });
  }

  /** The next value; undefined after the end. */
  take(): Promise<Offer<T> | undefined> {
    if (this.#offer !== undefined || this.#ended) return Promise.resolve(this.#offer);
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  end(): void {
    this.#ended = true;
    this.#offer?.refused();
    this.#waiting?.(undefined);
  }
}
