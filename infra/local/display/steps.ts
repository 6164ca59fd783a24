import { duration } from "./format.ts";

/** Tells a person at the terminal what `npm start` is doing: one line per step, with the time that it took. */
export class Steps {
  readonly #out: NodeJS.WriteStream;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  /** What `work` returns, when it is done; says so, with its own words about the result. */
  async run<T>(name: string, work: () => Promise<T>, tell: (result: T) => string): Promise<T> {
    const begin = performance.now();
    const result = await work();
    this.say(`${name}: ${tell(result)} (${duration(performance.now() - begin)})`);
    return result;
  }

  say(text: string): void {
    this.#out.write(`${text}\n`);
  }
}
