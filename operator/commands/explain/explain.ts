import type { Command } from "commander";
import { environmentOf } from "../../../functions/routing/environments.ts";
import { lookUp } from "../../../functions/sessions/look-up.ts";
import { binlogFileNumber } from "../../../wire/binlog-file.ts";
import { CommandError } from "../../shared/command-error.ts";
import { onStack, type StackContext, withStackOptions, wholeNumber } from "../../shared/command.ts";
import { authoredFrame } from "../../stretch/authored-frame.ts";
import { beginningAt, endAt, parsePlace, PLACE_FORMS } from "../../stretch/places.ts";
import { readStretch } from "../../stretch/read-stretch.ts";
import { readingProgress } from "../../stretch/reading-progress.ts";
import { withSourceOptions } from "../../stretch/stretch-options.ts";
import { openServer } from "../../stretch/traced-server.ts";
import { type SourceOptions, tracedSource } from "../../stretch/traced-source.ts";
import { changeText } from "./explain-text.ts";
import { type ExplainedChange, explained, type FoundChange } from "./explained-change.ts";
import { NearRecords } from "./record-at.ts";
import { QueueRules } from "./queue-rules.ts";
import { isFollowed, isOfTable, parseWantedRow, RowSearch } from "./wanted-row.ts";
import { ChangeLocator } from "./whereabouts.ts";

interface Options extends SourceOptions {
  readonly since: string;
  readonly to?: string;
  readonly limit: number;
  readonly rows: boolean;
}

const EXAMPLES = [
  "npm run explain -- shop.orders 42",
  "npm run explain -- shop.orders 42 --since 2026-11-28T10:00:00Z --json",
  "npm run explain -- shop.lines 42 7 --since 2d --stack binlog-router-shop",
  "npm run explain -- shop.orders customer=Ada --since mysql-bin.000017:4",
];

/** Adds `explain`, which shows who changed a row and what happened to each change. */
export function explain(program: Command): void {
  withStackOptions(
    withSourceOptions(
      program
        .command("explain")
        .description(
          "Searches the binlog for the changes of a row. Shows when each was made, by whom, in which environment, and what " +
            "happened to it in each queue. Logs in to MySQL with the reader's account, and changes nothing.",
        )
        .argument("<table>", "database.table")
        .argument(
          "[values...]",
          "the primary key's values, or column=value (default: all rows of the table)",
        )
        .option("--since <place>", `where to begin: ${PLACE_FORMS}`, "1h")
        .option("--to <place>", "where to end (default: the end of the binlog)")
        .option(
          "--limit <n>",
          "show at most this many changes, the oldest first",
          wholeNumber,
          1000,
        )
        .option("--rows", "also print the rows' values", false),
    ),
    EXAMPLES,
  ).action(onStack(run));
}

async function run(
  { target, report, progress }: StackContext,
  table: string,
  values: readonly string[],
  options: Options,
): Promise<void> {
  const wanted = parseWantedRow(table, values);
  const place = parsePlace(options.since, Date.now());
  const until = options.to === undefined ? null : parsePlace(options.to, Date.now());
  const source = await tracedSource(target, options);
  await using server = await openServer(target, source);
  const { state } = server;
  if (!isFollowed(wanted, source.tables, state.lowerCaseNames))
    throw new CommandError(
      `the router does not follow ${table}: source.tables of the configuration leaves it out (${source.tables.join(", ")})`,
    );
  const beginning = await beginningAt(server, place);
  const end = { fileNumber: binlogFileNumber(state.file), offset: state.offset };
  const bounds = {
    ...beginning,
    to: until === null ? null : await endAt(server, until),
    end,
    after: null,
  };
  const decide = environmentOf(source.routing);
  const { sessionsTable, failuresTable, dynamodb: client } = target;
  const authors = lookUp({ client, sessionsTable, failuresTable });
  const search = new RowSearch(wanted);
  const found: FoundChange[] = [];
  let isUnchanged = true;
  const notes: string[] = [];
  if (beginning.oldestMs !== null)
    notes.push(
      `The server's binlog goes back to ${new Date(beginning.oldestMs).toISOString()} only.`,
    );
  const full = new AbortController();
  await readStretch({
    target,
    source,
    server,
    bounds,
    wants: (change) => isOfTable(wanted, change, state.lowerCaseNames),
    async onFrames(frames) {
      for (const frame of frames) {
        const { authored, unknown } = await authoredFrame(frame, decide, authors);
        const changes: FoundChange[] = [
          ...authored.map(({ change, author }) => ({ frame, change, author })),
          ...unknown.map((change) => ({ frame, change, author: null })),
        ];
        isUnchanged &&= changes.length === 0;
        found.push(...changes.filter(({ change }) => search.touches(change)));
      }
      if (found.length >= options.limit) full.abort();
    },
    onUnknownXa: ({ xid, file, offset }) =>
      notes.push(
        `The XA transaction ${xid}, committed at ${file}:${offset}, was prepared before the stretch: begin earlier to see its changes.`,
      ),
    onRead: readingProgress(state, beginning.file, progress),
    onSetBack: (note) => notes.push(note),
    signal: full.signal,
  });
  progress("");
  if (isUnchanged) notes.push(`The stretch has no change of ${table} at all.`);
  notes.push(...search.notes);
  found.sort((a, b) => (a.change.position < b.change.position ? -1 : 1));
  if (found.length > options.limit || full.signal.aborted) {
    notes.push(`There are more changes: these are the first ${options.limit}.`);
    found.splice(options.limit);
  }
  const explaining = {
    target,
    records: new NearRecords(target),
    environmentOf: decide,
    rules: new QueueRules(source.name, source.routing),
    locator: await ChangeLocator.read(target, server.isSameLife ? server.offset : null),
  };
  const changes: ExplainedChange[] = [];
  for (const each of found) changes.push(await explained(each, explaining, options.rows));
  const unknown = changes.filter(({ author }) => author === null).length;
  if (unknown > 0)
    notes.push(
      `The authors of ${unknown} of them are not known: the connections that wrote them are not recorded.`,
    );
  const latest = changes.at(-1);
  const continueFrom =
    full.signal.aborted && latest !== undefined
      ? (latest.gtid ?? `${latest.file}:${latest.pos}`)
      : `${state.file}:${state.offset}`;
  const none =
    values.length === 0 ? `No row of ${table} was changed.` : "No change of the row was found.";
  report({ changes, notes, continueFrom }, () => text(changes, none, notes, continueFrom));
}

function text(
  changes: readonly ExplainedChange[],
  none: string,
  notes: readonly string[],
  continueFrom: string,
): string {
  const isNone = changes.every(({ op }) => op === "ddl");
  return [
    ...changes.map(changeText),
    ...(isNone ? [none] : []),
    ...notes,
    `The search ended at ${continueFrom}; --since ${continueFrom} continues from there.`,
  ].join("\n\n");
}
