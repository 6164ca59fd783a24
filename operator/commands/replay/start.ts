import type { Command } from "commander";
import { binlogPosition } from "../../../reader/offsets/offset.ts";
import { CommandError } from "../../shared/command-error.ts";
import { onStack, type StackContext } from "../../shared/command.ts";
import { newOrderId, whoAsks } from "../../shared/who-asks.ts";
import type { Bounds } from "../../stretch/bounds.ts";
import { beginningAt, endAt, oldestMs, parsePlace, PLACE_FORMS } from "../../stretch/places.ts";
import { readStretch } from "../../stretch/read-stretch.ts";
import { changesOf, parseTableList } from "../../stretch/table-list.ts";
import { openServer, type TracedServer } from "../../stretch/traced-server.ts";
import {
  type SourceOptions,
  type TracedSource,
  tracedSource,
} from "../../stretch/traced-source.ts";
import { assertQueue } from "./assert-queue.ts";
import { replayText, viewOf } from "./describe.ts";
import { ReplayItems, type ReplayOrder } from "./replay-items.ts";
import { newOwner, runReplay } from "./run-replay.ts";
import { partMaker } from "./send-stretch.ts";
import { stopOfPerson } from "../../stretch/stop-of-person.ts";
import { plural } from "../../shared/render.ts";

interface Options extends SourceOptions {
  readonly subscriber: string;
  readonly environment: string;
  readonly from: string;
  readonly to?: string;
  readonly tables?: string;
  readonly dryRun: boolean;
  /** The name of a deployed stack. */
  readonly stack?: string;
}

export function start(replay: Command): void {
  replay
    .command("start", { isDefault: true })
    .description("send a stretch of the binlog again to one subscriber's queue in one environment")
    .requiredOption("--subscriber <name>", "whose queue gets the changes")
    .requiredOption("--environment <name>", "in which environment")
    .requiredOption("--from <place>", `where to begin: ${PLACE_FORMS}`)
    .option("--to <place>", "where to end (default: the reader's saved offset)")
    .option(
      "--tables <list>",
      "only these tables or patterns, separated by commas: shop.orders,shop.pay*",
    )
    .option("--dry-run", "send nothing: count what would be sent", false)
    .action(onStack(run));
}

async function run(context: StackContext, _options: unknown, command: Command): Promise<void> {
  const options = command.optsWithGlobals<Options>();
  const { target, report, progress } = context;
  const { subscriber, environment } = options;
  const tables = options.tables === undefined ? null : parseTableList("--tables", options.tables);
  const source = await tracedSource(target, options);
  assertQueue(source, options);
  await using server = await openServer(target, source);
  const { offset } = server;
  if (offset === null || !server.isSameLife)
    throw new CommandError(
      "the reader's offset does not belong to this server's binlog, and a replay sends only what the reader has passed",
    );
  const backTo = new Date(await oldestMs(server)).toISOString();
  console.error(`The server's binlog goes back to ${backTo} (${server.state.oldestFile}).`);
  const bounds = await boundsOf(server, options, backTo);
  if (options.dryRun) {
    const counts = await counted(context, source, server, bounds, options, tables);
    return report(
      { dryRun: true, backTo, ...counts },
      () =>
        `${plural(counts.changes, "change")} in ${plural(counts.messages, "message")} would be sent to ${subscriber} in ${environment}` +
        `${counts.unknown === 0 ? "" : `; ${plural(counts.unknown, "change has", "changes have")} no known author and would be left out`}. Nothing was sent.`,
    );
  }
  const order: ReplayOrder = {
    id: newOrderId(),
    subscriber,
    environment,
    from: options.from,
    to: options.to ?? null,
    tables,
    startedBy: await whoAsks(options.stack),
    startedMs: Date.now(),
    bounds,
    epoch: offset.epoch,
    life: offset.life,
  };
  const items = new ReplayItems(target);
  const owner = newOwner();
  const signal = stopOfPerson();
  await items.put(order, owner);
  console.error(`Replay ${order.id}: Ctrl-C pauses it.`);
  const running = { context: { target, progress }, source, server, signal };
  const ended = await runReplay(running, await items.get(order.id), owner);
  report(viewOf(ended), () => replayText(ended));
}

/** The replay ends at the reader's offset, because the reader delivers what follows it. */
async function boundsOf(
  server: TracedServer,
  { from, to }: Pick<Options, "from" | "to">,
  backTo: string,
): Promise<Omit<Bounds, "after">> {
  const nowMs = Date.now();
  const beginning = await beginningAt(server, parsePlace(from, nowMs));
  if (beginning.oldestMs !== null)
    throw new CommandError(
      `the server's binlog goes back to ${backTo} only, not to ${from}: --from ${server.state.oldestFile}:4 begins there`,
    );
  return {
    file: beginning.file,
    from: beginning.from,
    to: to === undefined ? null : await endAt(server, parsePlace(to, nowMs)),
    end: server.offset === null ? null : binlogPosition(server.offset),
  };
}

async function counted(
  { target, progress }: StackContext,
  source: TracedSource,
  server: TracedServer,
  bounds: Omit<Bounds, "after">,
  chosen: Pick<Options, "subscriber" | "environment">,
  tables: readonly string[] | null,
): Promise<{ readonly changes: number; readonly messages: number; readonly unknown: number }> {
  const partOf = await partMaker(target, source, chosen, "dry-run");
  const counts = { changes: 0, messages: 0, unknown: 0 };
  const earlier: string[] = [];
  let setBack: string | null = null;
  await readStretch({
    target,
    source,
    server,
    bounds: { ...bounds, after: null },
    wants: changesOf(tables, server.state.lowerCaseNames),
    async onFrames(frames) {
      const { messages, changes, unknown } = await partOf(frames);
      counts.changes += changes;
      counts.messages += messages.length;
      counts.unknown += unknown;
      progress(plural(counts.changes, "change"));
    },
    onUnknownXa: ({ xid }) => earlier.push(xid),
    onSetBack: (note) => (setBack = note),
  });
  progress("");
  if (setBack !== null) throw new CommandError(setBack);
  if (earlier.length > 0)
    throw new CommandError(
      `the XA transactions ${earlier.join(", ")} were prepared before the stretch: begin at an earlier binlog file`,
    );
  return counts;
}
