import type { Command } from "commander";
import { streamText, type Stream } from "../../../functions/failures/stream.ts";
import { forEachLimited } from "../../../functions/ground/concurrency.ts";
import { CommandError } from "../../shared/command-error.ts";
import { namedStream, revive, troubledStreams } from "./failures-table.ts";
import { onStack, type StackContext } from "../../shared/command.ts";
import { plural } from "../../shared/render.ts";

/** The number of streams that are made due in parallel. */
const AT_ONCE = 16;

interface RetryOptions {
  readonly all: boolean;
  readonly reason?: string;
}

export function retry(failures: Command): void {
  failures
    .command("retry [streams...]")
    .description("make streams due now, also those that were given up")
    .option("--all", "all streams that wait", false)
    .option("--reason <reason>", "the streams that wait for this reason")
    .action(onStack(retryStreams));
}

/**
 * Makes streams due now, including dead ones. The retry function handles them at its next
 * invocation.
 */
async function retryStreams(
  { target, report, progress }: StackContext,
  names: readonly string[],
  { all, reason }: RetryOptions,
): Promise<void> {
  const isFiltered = all || reason !== undefined;
  if (names.length > 0 === isFiltered) {
    throw new CommandError(
      names.length === 0
        ? "name streams, or add --all or --reason REASON"
        : "named streams are retried whatever they wait for: leave out --all and --reason, or the names",
    );
  }
  const streams: Stream[] = [];
  if (names.length > 0) {
    for (const name of names) {
      const { stream } = await namedStream(target, name);
      if (stream.kind === "unknown")
        throw new CommandError(
          `this release cannot read the name ${name}, so it cannot deliver the stream. Deploy the release that wrote it again, or export and discard the stream`,
        );
      streams.push(stream);
    }
  } else {
    for (const { stream, trouble } of await troubledStreams(target)) {
      if (stream.kind === "unknown") continue;
      if (reason === undefined || trouble.reason === reason) streams.push(stream);
    }
  }
  const revived = new Set<Stream>();
  let asked = 0;
  await forEachLimited(streams, AT_ONCE, async (stream) => {
    if (await revive(target, stream)) revived.add(stream);
    progress(`${++asked} of ${plural(streams.length, "stream")}`);
  });
  progress("");
  const due = streams.filter((stream) => revived.has(stream)).map(streamText);
  report(
    { due },
    () =>
      `${plural(due.length, "stream is", "streams are")} due now; the retry function runs every minute.`,
  );
}
