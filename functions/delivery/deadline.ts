/**
 * Aborts after `ms`. Two timers of `ms / 2` run in sequence, so that time in which this process was
 * blocked is not counted. Responses that have arrived by then are read before the abort.
 */
export class Deadline implements Disposable {
  readonly #controller = new AbortController();
  #timer: NodeJS.Timeout;
  #immediate: NodeJS.Immediate | undefined;

  constructor(ms: number) {
    this.#timer = setTimeout(() => {
      this.#timer = setTimeout(() => {
        this.#immediate = setImmediate(() => this.#controller.abort());
      }, ms / 2);
    }, ms / 2);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
  }
}
