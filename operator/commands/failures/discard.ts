import type { Command } from "commander";
import { streamText } from "../../../functions/failures/stream.ts";
import type { ParkedRecord } from "../../../functions/failures/parked.ts";
import { CommandError } from "../../shared/command-error.ts";
import { discardRecord, namedStream, parkedRecords, revive } from "./failures-table.ts";
import { onStack, type StackContext } from "../../shared/command.ts";

interface DiscardOptions {
  /** Discards every record of the stream; otherwise only its first. */
  readonly all: boolean;
  readonly yes: boolean;
}

export function discard(failures: Command): void {
  failures
    .command("discard <stream>")
    .description("discard a stream's first record, which is then never delivered")
    .option("--all", "discard all records of the stream", false)
    .option("--yes", "do not ask", false)
    .action(onStack(discardRecords));
}

/** Discards records after a confirmation. The rest of the stream becomes due. */
async function discardRecords(
  { target, report, progress, confirm }: StackContext,
  name: string,
  { all, yes }: DiscardOptions,
): Promise<void> {
  const { stream } = await namedStream(target, name);
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
    if (await discardRecord(target, record)) discarded++;
    progress(`${discarded} of ${records.length} records`);
  }
  progress("");
  await revive(target, stream);
  report({ stream: streamText(stream), discarded }, () => `${discarded} records were discarded.`);
}
