/** How long only repeats must arrive before they are reported, milliseconds. */
const WHILE_MS = 60_000;
/**
 * The smallest number of repeats that is reported. A crash can leave a few repeats in a quiet
 * queue.
 */
const AT_LEAST = 10;

/**
 * Reports when, for a minute, at least ten messages were dropped as repeats and no message was
 * handled. Reports once, and again only after a message was handled.
 */
export class OnlyRepeats {
  readonly #say: (repeats: number, durationMs: number) => void;
  #repeats = 0;
  #since = 0;
  #forAWhile = false;
  #said = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(say: (repeats: number, durationMs: number) => void) {
    this.#say = say;
  }

  /** Records that a message was dropped as a repeat. */
  repeat(): void {
    this.#repeats++;
    if (this.#repeats === 1) {
      this.#since = performance.now();
      this.#timer = setTimeout(() => {
        this.#forAWhile = true;
        this.#check();
      }, WHILE_MS).unref();
    }
    this.#check();
  }

  /** Records that a message was handled. */
  handled(): void {
    clearTimeout(this.#timer);
    this.#repeats = 0;
    this.#forAWhile = false;
    this.#said = false;
  }

  /** Stops the timer. */
  dispose(): void {
    clearTimeout(this.#timer);
  }

  #check(): void {
    if (this.#said || !this.#forAWhile || this.#repeats < AT_LEAST) return;
    this.#said = true;
    this.#say(this.#repeats, performance.now() - this.#since);
  }
}
