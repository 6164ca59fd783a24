import { Option, type Command } from "commander";
import { streamText, type UnknownStream } from "../../../functions/failures/stream.ts";
import {
  firstOf,
  type ParkedRecord,
  type StreamState,
} from "../../../functions/failures/parked.ts";
import { forEachLimited } from "../../../functions/ground/concurrency.ts";
import { CommandError } from "../../shared/command-error.ts";
import {
  closeUnknown,
  discardRecord,
  isAt,
  type NamedStream,
  namedStream,
  parkedRecords,
  revive,
  wasDiscarded,
} from "./failures-table.ts";
import { onStack, type StackContext } from "../../shared/command.ts";
import type { Target } from "../../shared/target.ts";
import { StreamHold } from "./stream-hold.ts";
import { plural } from "../../shared/render.ts";

/** The number of records that are discarded in parallel. */
const AT_ONCE = 16;

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
 * cannot parse the stream's name, the stream is closed with its last record. Run again after an
 * interruption, it discards no other record than the named one, and does what is left to do.
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
  const from = records[0] === undefined ? null : firstOf(records[0].key);
  const finish = async (discarded: number, text: string): Promise<void> => {
    await letGoOn(target, state);
    report({ stream: streamText(stream), discarded, from }, () => text);
  };
  if (first !== undefined) {
    if (await wasDiscarded(target, stream, first))
      return finish(
        0,
        `The record at ${first} was discarded before.${alsoThere(first, records[0])}`,
      );
    assertFirst(name, first, records[0]);
  }
  if (records.length === 0) {
    if (state.status === "closed") throw new CommandError(`nothing is parked in ${name}`);
    if (stream.kind !== "unknown") return finish(0, `Nothing is parked in ${name} any more.`);
  }
  const changes = records.reduce((sum, { count }) => sum + count, 0);
  const where = from === null ? "" : `, from ${from} on,`;
  if (!yes) {
    await confirm(
      `${plural(records.length, "record")} with ${plural(changes, "change")} of ${streamText(stream)}${where} will never be delivered. Go on?`,
    );
  }
  // The retry function does not deliver from a stream whose name it cannot parse.
  const hold =
    stream.kind === "unknown"
      ? null
      : await StreamHold.take(target, stream, () =>
          progress("waiting until the retry function, which is delivering the stream, pauses"),
        );
  let discarded = 0;
  for (let at = 0; at < records.length; at += AT_ONCE) {
    await hold?.keep();
    await forEachLimited(records.slice(at, at + AT_ONCE), AT_ONCE, async (record) => {
      if (await discardRecord(target, record)) discarded++;
      progress(`${discarded} of ${plural(records.length, "record")}`);
    });
  }
  progress("");
  await finish(
    discarded,
    `${plural(discarded, "record was", "records were")} discarded${where.slice(0, -1)}.`,
  );
}

/** Throws CommandError unless a stream's first record is the named one. */
function assertFirst(
  name: string,
  first: string,
  record: ParkedRecord<NamedStream> | undefined,
): void {
  if (record === undefined) throw new CommandError(`nothing is parked in ${name}`);
  if (isAt(record, first)) return;
  throw new CommandError(
    `the first record of ${name} is at ${firstOf(record.key)} and not at ${first}, which may have been delivered: nothing was discarded; failures retry lets the stream go on`,
  );
}

/** What is said when the first record begins where the discarded one did. */
function alsoThere(first: string, record: ParkedRecord<NamedStream> | undefined): string {
  return record !== undefined && firstOf(record.key) === firstOf(first)
    ? ` Another one begins there, which --first ${record.key} discards.`
    : "";
}

/** Makes the rest of a stream due, or closes the stream if retry cannot read its name. */
async function letGoOn(target: Target, state: StreamState<NamedStream>): Promise<void> {
  const { stream } = state;
  if (stream.kind === "unknown") await closeWhenEmpty(target, { ...state, stream });
  else await revive(target, stream);
}

async function closeWhenEmpty(target: Target, state: StreamState<UnknownStream>): Promise<void> {
  const records = parkedRecords(target, state.stream, { bodies: false });
  if ((await records.next()).done === true) await closeUnknown(target, state);
}
