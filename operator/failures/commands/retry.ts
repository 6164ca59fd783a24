import { streamText, type Stream } from "../../../functions/failures/stream.ts";
import { CommandError } from "../command-error.ts";
import { revive } from "../revive.ts";
import { troubledStreams } from "../streams.ts";
import { namedStream, type CommandContext } from "./context.ts";

export interface RetryOptions {
  readonly all: boolean;
  readonly reason?: string;
}

/** Makes streams due at once, dead ones too; the retry function takes them in its next invocation. */
export async function retryCommand(
  context: CommandContext,
  names: readonly string[],
  { all, reason }: RetryOptions,
): Promise<void> {
  const { target, print, json, progress } = context;
  if (names.length === 0 && !all && reason === undefined) {
    throw new CommandError("name streams, or say --all or --reason REASON");
  }
  const streams: Stream[] = [];
  if (names.length > 0) {
    for (const name of names) streams.push((await namedStream(context, name)).stream);
  } else {
    for (const { stream, trouble } of await troubledStreams(target)) {
      if (reason === undefined || trouble.reason === reason) streams.push(stream);
    }
  }
  const due: string[] = [];
  for (const [index, stream] of streams.entries()) {
    if (await revive(target, stream)) due.push(streamText(stream));
    progress(`${index + 1} of ${streams.length} streams`);
  }
  progress("");
  if (json) return print(JSON.stringify({ due }, null, 2));
  print(`${due.length} streams are due now; the retry function runs every minute.`);
}
