/** How long only repeats must have come before that is said, milliseconds. */
const WHILE_MS = 60_000;
/**
 * How many of them at least. A crash can leave a few repeats behind in a queue that is otherwise
 * quiet.
 */
const AT_LEAST = 10;

/**
 * Notices when messages are dropped as repeats and none is handled, for a minute and ten messages
 * at least. Says so once, and again only after another message was handled.
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

  /** A message was dropped as a repeat. */
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

  /** A message was handled. */
  handled(): void {
    clearTimeout(this.#timer);
    this.#repeats = 0;
    this.#forAWhile = false;
    this.#said = false;
  }

  /** Says nothing more by itself. */
  dispose(): void {
    clearTimeout(this.#timer);
  }

  #check(): void {
    if (this.#said || !this.#forAWhile || this.#repeats < AT_LEAST) return;
    this.#said = true;
    this.#say(this.#repeats, performance.now() - this.#since);
  }
}
