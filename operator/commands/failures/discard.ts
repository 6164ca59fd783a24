import { Option, type Command } from "commander";
import { streamText, type UnknownStream } from "../../../functions/failures/stream.ts";
import type { ParkedRecord, StreamState } from "../../../functions/failures/parked.ts";
import { CommandError } from "../../shared/command-error.ts";
import {
  closeUnknown,
  discardRecord,
  type NamedStream,
  namedStream,
  parkedRecords,
  revive,
} from "./failures-table.ts";
import { onStack, type StackContext } from "../../shared/command.ts";
import type { Target } from "../../shared/target.ts";
import { plural } from "../../shared/render.ts";

interface DiscardOptions {
  /** Discards every record of the stream; otherwise only its first. */
  readonly all: boolean;
  /** The position of the record that is meant, as `show` prints it. */
  readonly first?: string;
  readonly yes: boolean;
}

export function discard(failures: Command): void {
  failures
    .command("discard <stream>")
    .description("discard a stream's first record, which is then never delivered")
    .option("--all", "discard all records of the stream", false)
    .addOption(
      new Option(
        "--first <position>",
        "only if the first record is the one at this position, as show prints it",
      ).conflicts("all"),
    )
    .option("--yes", "do not ask", false)
    .action(onStack(discardRecords));
}

/**
 * Discards records after a confirmation. The rest of the stream becomes due. If the retry function
 * cannot parse the stream's name, the stream is closed with its last record.
 */
async function discardRecords(
  { target, report, progress, confirm }: StackContext,
  name: string,
  { all, first, yes }: DiscardOptions,
): Promise<void> {
  const state = await namedStream(target, name);
  const { stream } = state;
  const records: ParkedRecord<NamedStream>[] = [];
  for await (const record of parkedRecords(target, stream, { bodies: false })) {
    records.push(record);
    if (!all) break;
  }
  if (records.length === 0 && (stream.kind !== "unknown" || state.status === "closed"))
    throw new CommandError(`nothing is parked in ${name}`);
  const changes = records.reduce((sum, { count }) => sum + count, 0);
  const from = records[0] === undefined ? null : beginningOf(records[0]);
  if (first !== undefined && first !== from && first !== records[0]?.key)
    throw new CommandError(
      `the first record of ${name} is at ${from} and not at ${first}, which may have been delivered or discarded: nothing was discarded now; failures retry lets the stream go on`,
    );
  const where = from === null ? "" : `, from ${from} on,`;
  if (!yes) {
    await confirm(
      `${plural(records.length, "record")} with ${plural(changes, "change")} of ${streamText(stream)}${where} will never be delivered. Go on?`,
    );
  }
  let discarded = 0;
  for (const record of records) {
    if (await discardRecord(target, record)) discarded++;
    progress(`${discarded} of ${plural(records.length, "record")}`);
  }
  progress("");
  if (stream.kind === "unknown") await closeWhenEmpty(target, { ...state, stream });
  else await revive(target, stream);
  report(
    { stream: streamText(stream), discarded, from },
    () => `${plural(discarded, "record was", "records were")} discarded${where.slice(0, -1)}.`,
  );
}

/** A record's first position, which `show` prints. */
function beginningOf({ key }: ParkedRecord<unknown>): string {
  return key.slice(0, key.indexOf("/"));
}

async function closeWhenEmpty(target: Target, state: StreamState<UnknownStream>): Promise<void> {
  const records = parkedRecords(target, state.stream, { bodies: false });
  if ((await records.next()).done === true) await closeUnknown(target, state);
}
