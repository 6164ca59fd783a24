import { readState } from "../../../functions/failures/route-items.ts";
import type { StreamState } from "../../../functions/failures/parked.ts";
import { parseStream } from "../../../functions/failures/stream.ts";
import { CommandError } from "../command-error.ts";
import type { Target } from "../target.ts";

/** What every command has at hand. */
export interface CommandContext {
  readonly target: Target;
  /** Print one JSON value instead of text for people. */
  readonly json: boolean;
  readonly print: (text: string) => void;
  /** Shows how far a long run is. */
  readonly progress: (text: string) => void;
  /** Throws CommandError unless a person agrees. */
  readonly confirm: (question: string) => Promise<void>;
}

/** The state of the stream that an operator names. Throws CommandError. */
export async function namedStream({ target }: CommandContext, name: string): Promise<StreamState> {
  let stream;
  try {
    stream = parseStream(name);
  } catch (cause) {
    throw new CommandError(`${name} is not the name of a stream; "list" shows the names`, {
      cause,
    });
  }
  const state = await readState(target.dynamodb, target.failuresTable, stream);
  if (state === null)
    throw new CommandError(`there is no stream ${name}; "list" shows those that wait`);
  return state;
}
