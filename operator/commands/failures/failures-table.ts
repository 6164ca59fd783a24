import {
  GetItemCommand,
  QueryCommand,
  UpdateItemCommand,
  type AttributeValue,
} from "@aws-sdk/client-dynamodb";
import { number, text, textOf, type Item } from "../../../wire/attributes.ts";
import { batchGet } from "../../../functions/aws/batch-get.ts";
import { wasWritten } from "../../../functions/aws/conditional-write.ts";
import {
  decodeRecordOf,
  decodeStateOf,
  expiresAt,
  recordItemKey,
  stateKey,
} from "../../../functions/failures/items.ts";
import {
  firstOf,
  type ParkedRecord,
  type StreamState,
} from "../../../functions/failures/parked.ts";
import {
  readableStream,
  streamText,
  type Stream,
  type UnknownStream,
} from "../../../functions/failures/stream.ts";
import { DUE_INDEX } from "../../../wire/names.ts";
import { CommandError } from "../../shared/command-error.ts";
import type { Target } from "../../shared/target.ts";

/** A stream of the failures table, by the name that it has there. */
export type NamedStream = Stream | UnknownStream;

/** Queries the open and dead streams, the earliest opened first. */
export async function troubledStreams(target: Target): Promise<StreamState<NamedStream>[]> {
  const streams: NamedStream[] = [];
  for (const status of ["dead", "open"]) {
    const items = query(target, {
      IndexName: DUE_INDEX,
      KeyConditionExpression: "due = :status",
      ExpressionAttributeValues: { ":status": text(status) },
    });
    for await (const item of items) streams.push(streamNamed(textOf(item, "stream") ?? ""));
  }
  // The index may still name a stream that has been closed.
  const states = (await statesOf(target, streams)).filter(({ status }) => status !== "closed");
  return states.sort((a, b) => a.openedAt - b.openedAt);
}

/**
 * Reads the state of the stream that has exactly this name in the table, also if this release
 * cannot parse the name. Throws CommandError.
 */
export async function namedStream(target: Target, name: string): Promise<StreamState<NamedStream>> {
  const stream = streamNamed(name);
  // DynamoDB refuses an empty key.
  const [state] = name === "" ? [] : await statesOf(target, [stream]);
  if (state !== undefined) return state;
  throw new CommandError(
    stream.kind === "unknown"
      ? `${name || '""'} is not the name of a stream; "list" shows the names`
      : `there is no stream ${name}; "list" shows those that wait`,
  );
}

function streamNamed(name: string): NamedStream {
  return readableStream(name) ?? { kind: "unknown", name };
}

async function statesOf(
  { dynamodb, failuresTable }: Target,
  streams: readonly NamedStream[],
): Promise<StreamState<NamedStream>[]> {
  const items = await batchGet(dynamodb, failuresTable, streams.map(stateKey));
  return items.map((item) => decodeStateOf(streamNamed(textOf(item, "stream") ?? ""), item));
}

interface RecordOptions {
  /** Reads the compressed bodies too, which are most of a record's size. */
  readonly bodies: boolean;
}

/** Queries a stream's parked records, in order. */
export async function* parkedRecords<Named extends NamedStream>(
  target: Target,
  stream: Named,
  { bodies }: RecordOptions,
): AsyncGenerator<ParkedRecord<Named>> {
  const items = query(target, {
    ConsistentRead: true,
    KeyConditionExpression: "#stream = :stream AND #position < :records",
    FilterExpression: "#status = :parked",
    ...(!bodies && {
      ProjectionExpression:
        "#stream, #position, #status, reason, #error, #count, #bytes, progress, parkedAt, attempts, lastFailureAt, nextAttempt",
    }),
    ExpressionAttributeNames: {
      "#stream": "stream",
      "#position": "position",
      "#status": "status",
      ...(!bodies && { "#error": "error", "#count": "count", "#bytes": "bytes" }),
    },
    ExpressionAttributeValues: {
      ":stream": text(streamText(stream)),
      ":records": text("~"),
      ":parked": text("parked"),
    },
  });
  for await (const item of items) yield decodeRecordOf(stream, item);
}

/** Reads a record with its body; null when it was delivered or discarded in the meantime. */
export async function parkedRecord<Named extends NamedStream>(
  { dynamodb, failuresTable }: Target,
  { stream, key }: ParkedRecord<Named>,
): Promise<ParkedRecord<Named> | null> {
  const { Item: item } = await dynamodb.send(
    new GetItemCommand({
      TableName: failuresTable,
      Key: recordItemKey(stream, key),
      ConsistentRead: true,
    }),
  );
  return item === undefined || textOf(item, "status") !== "parked"
    ? null
    : decodeRecordOf(stream, item);
}

/**
 * Makes an open or dead stream due for the next invocation of the retry function, and resets its
 * attempts to 0. Returns false when the stream has nothing parked.
 */
export async function revive(target: Target, stream: Stream): Promise<boolean> {
  const now = number(Date.now());
  const isClaimed = "#status = :open AND begun >= :one AND nextAttempt > :now";
  const write = (due: string, condition: string, values: Item) =>
    wasWritten(
      target.dynamodb.send(
        new UpdateItemCommand({
          TableName: target.failuresTable,
          Key: stateKey(stream),
          UpdateExpression: `SET #status = :open, due = :open, attempts = :none, asked = :asked, nextAttempt = ${due}`,
          ConditionExpression: condition,
          ExpressionAttributeNames: { "#status": "status" },
          ExpressionAttributeValues: {
            ":open": text("open"),
            ":none": number(0),
            ":one": number(1),
            ":asked": { BOOL: true },
            ":now": now,
            ...values,
          },
        }),
      ),
    );
  const makeDue = () =>
    write(":now", `#status IN (:open, :dead) AND NOT (${isClaimed})`, { ":dead": text("dead") });
  // While an invocation is at work, `nextAttempt` is the end of its claim, which comes before the
  // next invocation. Another value keeps it from postponing the stream, and a later one lets
  // `StreamHold` see that it is at work.
  const makeDueNext = () => write("nextAttempt + :one", isClaimed, {});
  return (await makeDue()) || (await makeDueNext()) || (await makeDue());
}

/** Whether a record begins at a position, or has this key. */
export function isAt({ key }: Pick<ParkedRecord, "key">, named: string): boolean {
  return key === named || firstOf(key) === named;
}

/** Whether a record at this position, or with this key, was discarded and has not expired since. */
export async function wasDiscarded(
  target: Target,
  stream: NamedStream,
  named: string,
): Promise<boolean> {
  const items = query(target, {
    ConsistentRead: true,
    KeyConditionExpression: "#stream = :stream AND begins_with(#position, :first)",
    FilterExpression: "#status = :discarded",
    ProjectionExpression: "#position",
    ExpressionAttributeNames: { "#stream": "stream", "#position": "position", "#status": "status" },
    ExpressionAttributeValues: {
      ":stream": text(streamText(stream)),
      ":first": text(`${firstOf(named)}/`),
      ":discarded": text("discarded"),
    },
  });
  for await (const item of items) {
    if (isAt({ key: textOf(item, "position") ?? "" }, named)) return true;
  }
  return false;
}

/**
 * Discards a record, so that it is never delivered. Its body stays until the record expires.
 * Returns false when the record was delivered or discarded in the meantime.
 */
export function discardRecord(
  target: Target,
  { stream, key }: ParkedRecord<NamedStream>,
): Promise<boolean> {
  const now = Date.now();
  return wasWritten(
    target.dynamodb.send(
      new UpdateItemCommand({
        TableName: target.failuresTable,
        Key: recordItemKey(stream, key),
        UpdateExpression: "SET #status = :discarded, finishedAt = :now, expires = :expires",
        // The SDK repeats a write whose answer was lost.
        ConditionExpression: "#status = :parked OR (#status = :discarded AND finishedAt = :now)",
        ExpressionAttributeNames: { "#status": "status" },
        ExpressionAttributeValues: {
          ":discarded": text("discarded"),
          ":parked": text("parked"),
          ":now": number(now),
          ":expires": number(expiresAt(now)),
        },
      }),
    ),
  );
}

/**
 * Closes a stream whose name the retry function cannot parse, and so will never close, after all
 * its records were discarded. Returns false when the route function of another release has moved
 * the tail since `state` was read.
 */
export function closeUnknown(
  target: Target,
  { stream, tail }: StreamState<UnknownStream>,
): Promise<boolean> {
  return wasWritten(
    target.dynamodb.send(
      new UpdateItemCommand({
        TableName: target.failuresTable,
        Key: stateKey(stream),
        UpdateExpression: "SET #status = :closed, expires = :expires REMOVE due, nextAttempt",
        ConditionExpression:
          "#status IN (:open, :dead) AND (tail = :tail OR attribute_not_exists(tail))",
        ExpressionAttributeNames: { "#status": "status" },
        ExpressionAttributeValues: {
          ":closed": text("closed"),
          ":open": text("open"),
          ":dead": text("dead"),
          ":tail": text(tail),
          ":expires": number(expiresAt(Date.now())),
        },
      }),
    ),
  );
}

async function* query(
  { dynamodb, failuresTable }: Target,
  input: Omit<ConstructorParameters<typeof QueryCommand>[0], "TableName">,
): AsyncGenerator<Item> {
  let start: Record<string, AttributeValue> | undefined;
  do {
    const { Items: items = [], LastEvaluatedKey: last } = await dynamodb.send(
      new QueryCommand({
        ...input,
        TableName: failuresTable,
        ...(start !== undefined && { ExclusiveStartKey: start }),
      }),
    );
    yield* items;
    start = last;
  } while (start !== undefined);
}
