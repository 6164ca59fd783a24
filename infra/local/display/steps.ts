import { showProgress, type Progress } from "../mysql/progress.ts";
import { duration } from "./format.ts";

/**
 * Shows a person what `npm start` is doing: one line for each completed step, with the time it
 * took.
 */
export class Steps {
  /** Shows the progress of a download. */
  readonly progress: Progress;
  readonly #out: NodeJS.WriteStream;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
    this.progress = showProgress(out);
  }

  /** Runs `work`, writes a line with the text that `tell` makes of its result, and returns that. */
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
