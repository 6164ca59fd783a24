import { showProgress, type Progress } from "../mysql/progress.ts";
import { duration } from "./format.ts";

/**
 * Tells a person what `npm start` is doing: one line for each step that is done, with the time that
 * it took.
 */
export class Steps {
  /** Shows a download. */
  readonly progress: Progress;
  readonly #out: NodeJS.WriteStream;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
    this.progress = showProgress(out);
  }

  /** What `work` returns, when it is done; says so, in the words that `tell` finds for it. */
  async run<T>(name: string, work: () => Promise<T>, tell: (result: T) => string): Promise<T> {
    const begin = performance.now();
    const result = await work();
    this.progress.end();
    this.say(`${name}: ${tell(result)} (${duration(performance.now() - begin)})`);
    return result;
  }

  say(text: string): void {
    this.#out.write(`${text}\n`);
  }
}
