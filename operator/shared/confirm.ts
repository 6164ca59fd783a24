import { createInterface } from "node:readline/promises";
import { CommandError } from "./command-error.ts";
import { visible } from "./render.ts";

/** The streams of a terminal; without `isTTY`, no person sits there. */
interface Terminal {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly output: NodeJS.WritableStream;
}

/**
 * Asks before an irreversible step. Throws CommandError unless the answer is yes.
 */
export async function confirm(
  question: string,
  { input, output }: Terminal = { input: process.stdin, output: process.stderr },
): Promise<void> {
  if (input.isTTY !== true) {
    throw new CommandError(`${question} There is no terminal to ask on: add --yes to confirm.`);
  }
  const terminal = createInterface({ input, output });
  // Ctrl-C and Ctrl-D reject.
  const answer = await terminal.question(`${visible(question)} [y/N] `).catch(() => "");
  terminal.close();
  if (!/^y(es)?$/i.test(answer.trim())) throw new CommandError("nothing was done");
}
