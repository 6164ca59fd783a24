import { styleText } from "node:util";
import { type Command, Option } from "commander";
import { queueEnvironments } from "../../../config/queues.ts";
import type { Routing } from "../../../config/routing.ts";
import { filtersOf } from "../../../functions/filters/filters.ts";
import type { PositionedFrame } from "../../../functions/frame/read-frame.ts";
import { fanOut } from "../../../functions/message/fan-out.ts";
import { environmentOf } from "../../../functions/routing/environments.ts";
import { subscriptionsOf } from "../../../functions/routing/subscriptions.ts";
import { lookUp } from "../../../functions/sessions/look-up.ts";
import { binlogFileNumber } from "../../../wire/binlog-file.ts";
import type { PositionText } from "../../../wire/position.ts";
import { CommandError, sentence } from "../../shared/command-error.ts";
import { onStack, type StackContext, withStackOptions } from "../../shared/command.ts";
import { type AuthoredFrame, authoredFrame } from "../../stretch/authored-frame.ts";
import type { Bounds } from "../../stretch/bounds.ts";
import { only } from "../../stretch/only.ts";
import { stopOfPerson } from "../../stretch/stop-of-person.ts";
import { beginningAt, parsePlace, PLACE_FORMS } from "../../stretch/places.ts";
import { readStretch } from "../../stretch/read-stretch.ts";
import { withSourceOptions } from "../../stretch/stretch-options.ts";
import { changesOf, parseTableList } from "../../stretch/table-list.ts";
import { openServer, type TracedServer } from "../../stretch/traced-server.ts";
import { filterSecretOf, type SourceOptions, tracedSource } from "../../stretch/traced-source.ts";
import { PLAIN, tailText } from "./tail-text.ts";
import { tailedChange, type TailRules } from "./tailed-change.ts";
import { plural } from "../../shared/render.ts";

interface Options extends SourceOptions {
  readonly environment: string;
  readonly subscriber?: string;
  readonly table?: string;
  readonly from?: string;
  readonly format?: "text" | "json" | "message";
  readonly json: boolean;
}

const EXAMPLES = [
  "npm run tail -- --environment staging",
  "npm run tail -- --environment staging --subscriber billing --table 'shop.*' --from 10m",
  "npm run --silent tail -- --environment production --format json | jq .table",
];

/** How long a change may wait for others, in milliseconds. */
const LINGER_MS = 50;

/** Adds `tail`, which prints an environment's changes and takes no messages from queues. */
export function tail(program: Command): void {
  withStackOptions(
    withSourceOptions(
      program
        .command("tail")
        .description(
          "Prints an environment's changes as they are written and routed, until Ctrl-C. Reads the binlog with the reader's " +
            "account, and takes nothing from any queue.",
        )
        .requiredOption("--environment <name>", "whose changes")
        .option(
          "--subscriber <name>",
          "only what this subscriber gets, after its columns and conditions",
        )
        .option("--table <list>", "only these tables or patterns, separated by commas")
        .option("--from <place>", `where to begin: ${PLACE_FORMS} (default: now)`)
        .addOption(
          new Option(
            "--format <format>",
            "text: a line for people; json: one change a line; message: the bodies of the queues' messages " +
              "(default: text on a terminal, else json)",
          ).choices(["text", "json", "message"]),
        ),
    ),
    EXAMPLES,
  ).action(onStack(run));
}

async function run({ target }: StackContext, options: Options): Promise<void> {
  const source = await tracedSource(target, options);
  const { routing } = source;
  assertKnown(routing, options);
  const tables = options.table === undefined ? null : parseTableList("--table", options.table);
  const rules: TailRules = {
    environment: options.environment,
    subscriber: options.subscriber,
    environmentOf: environmentOf(routing),
    subscriptions: subscriptionsOf(source.name, routing),
    filters: filtersOf(routing, await filterSecretOf(target)),
  };
  const { sessionsTable, failuresTable, dynamodb: client } = target;
  const authors = lookUp({ client, sessionsTable, failuresTable });
  await using server = await openServer(target, source);
  const bounds = await boundsOf(server, options.from);
  const linesOf = linesIn(formatOf(options), rules);
  const stop = stopOfPerson();
  let reached = "";
  const { state } = server;
  console.error(
    `(follows from ${options.from ?? `${state.file}:${state.offset}`}; Ctrl-C ends it)`,
  );
  try {
    await readStretch({
      target,
      source,
      server,
      bounds,
      wants: changesOf(tables, state.lowerCaseNames),
      async onFrames(frames) {
        const authored = await Promise.all(
          frames.map((frame) => authoredFrame(frame, rules.environmentOf, authors)),
        );
        for (const { text } of inOrder(authored.flatMap(linesOf)))
          process.stdout.write(`${text}\n`);
        reached = placeOf(frames) ?? reached;
        const unknown = authored.reduce((sum, { unknown: { length } }) => sum + length, 0);
        if (unknown > 0)
          console.error(
            `(${plural(unknown, "change has no known author and is", "changes have no known author and are")} parked)`,
          );
      },
      onUnknownXa: ({ xid }) =>
        console.error(
          `(the XA transaction ${xid} was prepared before tail began and is not shown)`,
        ),
      onSetBack: (note) => console.error(`(${note})`),
      lingerMs: LINGER_MS,
      signal: stop,
    });
  } catch (cause) {
    const goOn = reached === "" ? "" : `; --from ${reached} continues from there`;
    throw new CommandError(`the server no longer sends its binlog: ${sentence(cause)}${goOn}`, {
      cause,
    });
  }
}

function assertKnown(routing: Routing, { environment, subscriber }: Options): void {
  const environments = queueEnvironments(routing);
  if (!environments.includes(environment))
    throw new CommandError(
      `there is no environment ${environment}; there are ${environments.join(", ")}`,
    );
  if (subscriber !== undefined && routing.subscribers[subscriber] === undefined)
    throw new CommandError(
      `there is no subscriber ${subscriber}; there are ${Object.keys(routing.subscribers).join(", ")}`,
    );
}

/**
 * Begins at the end of the binlog, or at the place `from`. Authors of connections that opened
 * before that are found in the reader's records.
 */
async function boundsOf(server: TracedServer, from: string | undefined): Promise<Bounds> {
  const { file, offset } = server.state;
  const open = { to: null, end: null, after: null };
  if (from !== undefined)
    return { ...open, ...(await beginningAt(server, parsePlace(from, Date.now()))) };
  return {
    ...open,
    file,
    offset,
    from: { kind: "place", fileNumber: binlogFileNumber(file), offset },
  };
}

function formatOf({ format, json }: Options): NonNullable<Options["format"]> {
  if (format !== undefined) return format;
  return process.stdout.isTTY && !json ? "text" : "json";
}

/** Lines of the output, with the position by which they are ordered. */
interface Line {
  readonly position: PositionText;
  readonly text: string;
}

/** Frames are of one lane each, so the tables of several lanes would not be in the log's order. */
function inOrder(lines: readonly Line[]): readonly Line[] {
  return lines.toSorted(
    (a, b) => Number(a.position > b.position) - Number(a.position < b.position),
  );
}

/** Returns a function that makes the output lines of a frame. */
function linesIn(
  format: NonNullable<Options["format"]>,
  rules: TailRules,
): (frame: AuthoredFrame) => readonly Line[] {
  if (format === "message") {
    const subscriptions = only(
      rules.subscriptions,
      ({ environment, subscriber }) =>
        environment === rules.environment &&
        (rules.subscriber === undefined || subscriber === rules.subscriber),
    );
    return ({ frame, authored }) =>
      fanOut(frame, authored, { ...rules, subscriptions }).queues.flatMap((share) =>
        share.kind === "messages"
          ? share.messages.map(({ body, first }) => ({ position: first, text: String(body) }))
          : [],
      );
  }
  const paint = process.stdout.isTTY && process.stdout.hasColors() ? styleText : PLAIN;
  return ({ frame, authored }) =>
    authored.flatMap((each) => {
      const change = tailedChange(frame, each, rules);
      if (change === null) return [];
      const text = format === "json" ? JSON.stringify(change) : tailText(change, paint);
      return [{ position: each.change.position, text }];
    });
}

/** The place of the frames' last change, in a form that `--from` accepts. */
function placeOf(frames: readonly PositionedFrame[]): string | null {
  const [latest] = frames.toSorted((a, b) => (a.last < b.last ? 1 : -1));
  const last = latest?.changes.at(-1);
  if (latest === undefined || last === undefined) return null;
  const { gtid = null, file = "" } = latest.transactions[last.transaction] ?? {};
  return gtid ?? `${file}:${last.offset}`;
}
