import { createInterface } from "node:readline/promises";
import { CommandError } from "./command-error.ts";

/** Asks before something is done that cannot be taken back. Throws CommandError unless the answer is yes. */
export async function confirm(question: string): Promise<void> {
  if (!process.stdin.isTTY) {
    throw new CommandError(`${question} Nobody is there to ask: add --yes if that is meant.`);
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question(`${question} [y/N] `);
  terminal.close();
  if (!/^y(es)?$/i.test(answer.trim())) throw new CommandError("nothing was done");
}
