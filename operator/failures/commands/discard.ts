import { streamText } from "../../../functions/failures/stream.ts";
import type { ParkedRecord } from "../../../functions/failures/parked.ts";
import { CommandError } from "../command-error.ts";
import { discard, revive } from "../revive.ts";
import { parkedRecords } from "../streams.ts";
import { namedStream, type CommandContext } from "./context.ts";

export interface DiscardOptions {
  /** Every record of the stream; otherwise its first. */
  readonly all: boolean;
  readonly yes: boolean;
}

/** Gives up a stream's first record, or all of them, after a question; what is left becomes due. */
export async function discardCommand(
  context: CommandContext,
  name: string,
  { all, yes }: DiscardOptions,
): Promise<void> {
  const { target, print, json, progress, confirm } = context;
  const { stream } = await namedStream(context, name);
  const records: ParkedRecord[] = [];
  for await (const record of parkedRecords(target, stream, { bodies: false })) {
    records.push(record);
    if (!all) break;
  }
  if (records.length === 0) throw new CommandError(`nothing is parked in ${name}`);
  const changes = records.reduce((sum, { count }) => sum + count, 0);
  if (!yes) {
    await confirm(
      `${records.length} records with ${changes} changes of ${streamText(stream)} will never be delivered. Go on?`,
    );
  }
  let discarded = 0;
  for (const record of records) {
    if (await discard(target, record)) discarded++;
    progress(`${discarded} of ${records.length} records`);
  }
  progress("");
  await revive(target, stream);
  if (json) return print(JSON.stringify({ stream: streamText(stream), discarded }, null, 2));
  print(`${discarded} records were discarded.`);
}
