import { GetItemCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import type { Command } from "commander";
import { wasWritten } from "../../../functions/aws/conditional-write.ts";
import { expiresAt } from "../../../functions/failures/items.ts";
import { type Item, number, text, textOf } from "../../../wire/attributes.ts";
import { isPosition, type PositionText } from "../../../wire/position.ts";
import {
  addAnswer,
  encodeOperatorAnswers,
  type OperatorAnswer,
  withAnswer,
} from "../../../wire/operator-answers.ts";
import {
  answersIn,
  encodeSessionEntries,
  encodeSessionKey,
  entriesIn,
  sessionItem,
  SESSIONS_EXPIRES,
} from "../../../wire/session-items.ts";
import {
  connectionName,
  type Connection,
  isForeignRun,
  orderKeyOf,
  type SessionEntry,
} from "../../../wire/session.ts";
import { CommandError } from "../../shared/command-error.ts";
import { onStack, type StackContext } from "../../shared/command.ts";
import type { Target } from "../../shared/target.ts";
import { payloadBucket } from "../../../functions/aws/payload-bucket.ts";
import { bodyStore } from "../../../functions/failures/body-store.ts";
import { lastOf, type ParkedRecord, positionBefore } from "../../../functions/failures/parked.ts";
import { connectionOfStream, type Stream } from "../../../functions/failures/stream.ts";
import { type Answer, answerable, type ParkedRange, recordedAnswer } from "./answer.ts";
import { parkedRecord, parkedRecords, revive, troubledStreams } from "./failures-table.ts";
import { firstWriting, type ParkedChanges, parkedChanges } from "./parked-changes.ts";
import { bodyOf } from "./record.ts";
import { resultingEnvironment } from "./resulting-environment.ts";
import { plural } from "../../shared/render.ts";

interface AttributeOptions {
  readonly user: string;
  readonly host: string;
  /**
   * The position from which the answer holds; when omitted, the range without an author that
   * contains the first parked change.
   */
  readonly from?: string;
  readonly config: string;
  readonly source?: string;
  readonly yes: boolean;
}

export function attribute(failures: Command): void {
  failures
    .command("attribute <connection>")
    .description(
      "name the MySQL user of a connection (<server>/<run>/<thread>, or its stream) and deliver its parked changes",
    )
    .requiredOption("--user <user>", "the MySQL user")
    .option("--host <host>", "the client's host", "")
    .option("--from <position>", "only from this position on")
    .option(
      "--config <file>",
      "the configuration, which defines the user's environment",
      "cdk.json",
    )
    .option("--source <name>", "the source, if the configuration has several")
    .option("--yes", "do not ask", false)
    .action(onStack(attributeConnection));
}

/**
 * Records the author of a connection, after the operator has confirmed which environment gets its
 * changes. The changes count as written by `user`, with the attribution "operator". The
 * connection's parked streams become due.
 */
async function attributeConnection(
  context: StackContext,
  name: string,
  { user, host, from, config, source, yes }: AttributeOptions,
): Promise<void> {
  const { target, report, confirm } = context;
  const connection = parseConnection(name);
  if (from !== undefined && !isPosition(from)) throw new CommandError(`${from} is not a position`);
  const environment = await resultingEnvironment(config, source, { user, host });
  const answer = { user, host, from: from ?? null };
  const parked = await parkedOf(target, connection, answer.from);
  const decide = (entries: readonly SessionEntry[]): OperatorAnswer =>
    recordedAnswer(connection, entries, answer, parked);
  decide(entriesOf(await recorded(target, connection), connection));
  if (!yes) await confirm(question(connection, answer, environment, parked));
  await recordAnswer(target, connection, decide);
  let due = 0;
  for (const stream of parked.streams) if (await revive(target, stream)) due++;
  report(
    { connection: connectionName(connection), user, host, environment, due },
    () =>
      `${connectionName(connection)} is attributed to ${user}: its changes ${whereTo(environment)}. ${plural(due, "parked stream is", "parked streams are")} due now.`,
  );
}

function question(
  connection: Connection,
  { user, host }: Answer,
  environment: string | null,
  { changes, others, sample }: Parked,
): string {
  const warning = isForeignRun(connection.run)
    ? " Their thread id names no connection (docs/attribution.md), so they may have several authors."
    : "";
  const what =
    sample === null ? "" : ` of ${sample.tables.join(", ")}, from ${sample.committedFrom} on,`;
  const rest =
    others === 0
      ? ""
      : ` ${others} more, of other lives of the binlog, need an answer of their own.`;
  return `${plural(changes, "change")}${what} ${changes === 1 ? "is" : "are"} attributed to '${user}'@'${host}' and ${whereTo(environment)}.${warning}${rest} Go on?`;
}

function whereTo(environment: string | null): string {
  return environment === null ? "are dropped" : `go to the environment ${environment}`;
}

/** The parked changes of a connection that an answer is about. */
interface Parked extends ParkedRange {
  readonly streams: readonly Stream[];
  readonly changes: number;
  /** The number of the connection's other parked changes, of other lives. */
  readonly others: number;
  /** A summary of the first record; null when its body is gone or unreadable. */
  readonly sample: ParkedChanges | null;
}

/** Reads a connection's parked records. Throws CommandError when the answer is about none. */
async function parkedOf(
  target: Target,
  connection: Connection,
  from: PositionText | null,
): Promise<Parked> {
  const bodies = bodyStore(payloadBucket(target.s3, target.payloadBucket));
  const streams = (await troubledStreams(target)).flatMap(({ stream }) =>
    stream.kind === "thread" &&
    connectionName(connectionOfStream(stream)) === connectionName(connection)
      ? [stream]
      : [],
  );
  const all: ParkedRecord[] = [];
  for (const stream of streams) {
    for await (const record of parkedRecords(target, stream, { bodies: false })) all.push(record);
  }
  const records = answerable(connection, all, from);
  const [first] = records;
  if (first === undefined) {
    const where = all.length === 0 ? "" : ` in the life of the binlog that ${from} names`;
    throw new CommandError(
      `nothing of the connection ${connectionName(connection)} is parked${where}`,
    );
  }
  const orderKey = orderKeyOf(connection);
  const begin = positionBefore(first.key.slice(0, first.key.indexOf("/")));
  // The bodies of all records may take more memory than there is.
  const whole = await parkedRecord(target, first);
  if (whole === null)
    throw new CommandError(
      `the first parked change of ${connectionName(connection)} was delivered or discarded at the same moment: run this command again`,
    );
  const body = await bodyOf(bodies, whole);
  return {
    streams,
    changes: countOf(records),
    others: countOf(all) - countOf(records),
    first: body === null ? begin : firstWriting(body, begin, orderKey),
    last: records
      .map(({ key }) => positionBefore(lastOf(key)))
      .reduce((a, b) => (orderKey(a) > orderKey(b) ? a : b)),
    sample: body === null ? null : parkedChanges(body),
  };
}

function countOf(records: readonly ParkedRecord[]): number {
  return records.reduce((sum, { count }) => sum + count, 0);
}

/**
 * Parses `<server uuid>/<run>/<thread>`, or the name of a stream that contains it. Throws
 * CommandError.
 */
export function parseConnection(name: string): Connection {
  const match = /^(?:thread\/\d+\/)?([^/]+)\/(0|-?[1-9]\d*)\/(0|[1-9]\d*)(?:\/[^/]+)?$/.exec(name);
  if (match === null) {
    throw new CommandError(
      `${name} names no connection; "list" shows them as thread/<lane>/<server>/<run>/<thread>`,
    );
  }
  const [, server = "", run, thread] = match;
  return { server, run: Number(run), thread: Number(thread) };
}

/** The item of the sessions table in which a connection is recorded; empty when there is none. */
async function recorded(
  { dynamodb, sessionsTable }: Target,
  connection: Connection,
): Promise<Item> {
  const { Item: item = {} } = await dynamodb.send(
    new GetItemCommand({
      TableName: sessionsTable,
      Key: encodeSessionKey(sessionItem(connection).key),
      ConsistentRead: true,
    }),
  );
  return item;
}

function entriesOf(item: Item, connection: Connection): SessionEntry[] {
  return entriesIn(new Map([[sessionItem(connection).key, item]]), connection);
}

/**
 * Writes an answer into the sessions table, which the route and retry functions read: apart from
 * the reader's entries, where the reader does not overwrite it, and into them, where functions of
 * an earlier release find it. Throws CommandError when the reader or another operator wrote at the
 * same time.
 */
async function recordAnswer(
  target: Target,
  connection: Connection,
  decide: (entries: readonly SessionEntry[]) => OperatorAnswer,
): Promise<void> {
  const { key, attribute: thread, answers } = sessionItem(connection);
  const item = await recorded(target, connection);
  const [known, given] = [textOf(item, thread), textOf(item, answers)];
  const entries = entriesOf(item, connection);
  const answer = decide(entries);
  const orderKey = orderKeyOf(connection);
  const joined = addAnswer(answersIn(item, connection), answer, orderKey);
  const written = await wasWritten(
    target.dynamodb.send(
      new UpdateItemCommand({
        TableName: target.sessionsTable,
        Key: encodeSessionKey(key),
        UpdateExpression:
          "SET #thread = :entries, #answers = :answers, #expires = if_not_exists(#expires, :expires)",
        ConditionExpression: `${unchanged("#thread", ":known", known)} AND ${unchanged("#answers", ":given", given)}`,
        ExpressionAttributeNames: {
          "#thread": thread,
          "#answers": answers,
          "#expires": SESSIONS_EXPIRES,
        },
        ExpressionAttributeValues: {
          ":entries": text(encodeSessionEntries(withAnswer(entries, answer, orderKey))),
          ":answers": text(encodeOperatorAnswers(joined)),
          ":expires": number(expiresAt(Date.now())),
          ...(known !== undefined && { ":known": text(known) }),
          ...(given !== undefined && { ":given": text(given) }),
        },
      }),
    ),
  );
  if (!written) {
    throw new CommandError(
      "the reader or another operator recorded something about this connection at the same moment: run this command again",
    );
  }
}

/** The condition that an attribute has the value that was read; undefined: that it has none. */
function unchanged(name: string, value: string, read: string | undefined): string {
  return read === undefined ? `attribute_not_exists(${name})` : `${name} = ${value}`;
}
