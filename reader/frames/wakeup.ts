/**
 * Lets one loop sleep until `wake` is called. A call of `wake` before the sleep ends the next
 * sleep.
 */
export class Wakeup {
  #woken = false;
  #resolve: (() => void) | null = null;

  wake(): void {
    this.#woken = true;
    this.#resolve?.();
  }

  /**
   * Resolves at the next `wake`, or at once after an earlier one; rejects with the signal's reason.
   */
  async sleep(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (!this.#woken) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const onAbort = (): void => reject(signal.reason);
      signal.addEventListener("abort", onAbort, { once: true });
      this.#resolve = resolve;
      try {
        await promise;
      } finally {
        signal.removeEventListener("abort", onAbort);
        this.#resolve = null;
      }
    }
    this.#woken = false;
  }
}
