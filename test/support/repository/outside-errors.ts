import { writeFileSync } from "node:fs";
import type { Reporter } from "vitest/node";

/**
 * Writes the number of errors that happened outside of every test into a file. vitest fails the run
 * for them, but its JSON reporter does not mention them.
 */
export class OutsideErrors implements Reporter {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  onTestRunEnd(_modules: unknown, errors: readonly unknown[]): void {
    writeFileSync(this.#file, String(errors.length));
  }
}
