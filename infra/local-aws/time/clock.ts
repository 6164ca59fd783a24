/** The stand-ins' source of time, so that a test can advance it by minutes at once. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /**
   * Calls back once, when `now()` has reached `timeMs`. Returns a function that cancels the call.
   */
  at(timeMs: number, callback: () => void): () => void;
}

/** setTimeout's longest delay. Longer waits take several timeouts. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

/**
 * A clock that runs with real time and can be advanced. Its callbacks do not keep the process
 * alive.
 */
export class LocalClock implements Clock {
  #offsetMs = 0;
  readonly #alarms = new Set<() => void>();

  now(): number {
    return Date.now() + this.#offsetMs;
  }

  at(timeMs: number, callback: () => void): () => void {
    let timer: NodeJS.Timeout | undefined;
    const set = (): void => {
      clearTimeout(timer);
      const delay = Math.min(Math.max(0, Math.ceil(timeMs - this.now())), LONGEST_DELAY_MS);
      timer = setTimeout(() => {
        if (this.now() < timeMs) return set();
        cancel();
        callback();
      }, delay).unref();
    };
    const cancel = (): void => {
      clearTimeout(timer);
      this.#alarms.delete(set);
    };
    this.#alarms.add(set);
    set();
    return cancel;
  }

  /** Advances the clock. Callbacks that become due run in the next turns of the event loop. */
  advance(ms: number): void {
    this.#offsetMs += ms;
    for (const set of this.#alarms) set();
  }
}
