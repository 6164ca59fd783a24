import { QueryCommand, UpdateItemCommand, type AttributeValue } from "@aws-sdk/client-dynamodb";
import { number, text, textOf, type Item } from "../../../wire/attributes.ts";
import { batchGet } from "../../../functions/aws/batch-get.ts";
import { wasWritten } from "../../../functions/aws/conditional-write.ts";
import {
  decodeRecord,
  decodeState,
  expiresAt,
  recordItemKey,
  stateKey,
} from "../../../functions/failures/items.ts";
import type { ParkedRecord, StreamState } from "../../../functions/failures/parked.ts";
import { readState } from "../../../functions/failures/route-items.ts";
import {
  parseStream,
  readableStream,
  streamText,
  type Stream,
} from "../../../functions/failures/stream.ts";
import { DUE_INDEX } from "../../../wire/names.ts";
import { CommandError } from "../../shared/command-error.ts";
import type { Target } from "../../shared/target.ts";

/**
 * Queries the open and dead streams, the earliest opened first. Leaves out streams whose names
 * cannot be parsed, and reports each on stderr.
 */
export async function troubledStreams(target: Target): Promise<StreamState[]> {
  const streams: Stream[] = [];
  for (const status of ["dead", "open"]) {
    const items = query(target, {
      IndexName: DUE_INDEX,
      KeyConditionExpression: "due = :status",
      ExpressionAttributeValues: { ":status": text(status) },
    });
    for await (const item of items) {
      const name = textOf(item, "stream") ?? "";
      const stream = readableStream(name);
      if (stream === null) {
        console.error(
          `${name}: this release cannot read the name of this stream; a later release may have written it`,
        );
      } else streams.push(stream);
    }
  }
  const states = await batchGet(target.dynamodb, target.failuresTable, streams.map(stateKey));
  return states.map(decodeState).sort((a, b) => a.openedAt - b.openedAt);
}

/** Reads the state of the stream that the operator names. Throws CommandError. */
export async function namedStream(
  { dynamodb, failuresTable }: Target,
  name: string,
): Promise<StreamState> {
  let stream;
  try {
    stream = parseStream(name);
  } catch (cause) {
    throw new CommandError(`${name} is not the name of a stream; "list" shows the names`, {
      cause,
    });
  }
  const state = await readState(dynamodb, failuresTable, stream);
  if (state === null)
    throw new CommandError(`there is no stream ${name}; "list" shows those that wait`);
  return state;
}

interface RecordOptions {
  /** Reads the compressed bodies too, which are most of a record's size. */
  readonly bodies: boolean;
}

/** Queries a stream's parked records, in order. */
export async function* parkedRecords(
  target: Target,
  stream: Stream,
  { bodies }: RecordOptions,
): AsyncGenerator<ParkedRecord> {
  const items = query(target, {
    ConsistentRead: true,
    KeyConditionExpression: "#stream = :stream AND #position < :records",
    FilterExpression: "#status = :parked",
    ...(!bodies && {
      ProjectionExpression:
        "#stream, #position, #status, reason, #error, #count, #bytes, parkedAt, attempts, lastFailureAt, nextAttempt",
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
  for await (const item of items) yield decodeRecord(item);
}

/**
 * Makes an open or dead stream due now and resets its attempts to 0. Returns false when the stream
 * has nothing parked.
 */
export function revive(target: Target, stream: Stream): Promise<boolean> {
  return wasWritten(
    target.dynamodb.send(
      new UpdateItemCommand({
        TableName: target.failuresTable,
        Key: stateKey(stream),
        UpdateExpression:
          "SET #status = :open, due = :open, attempts = :none, nextAttempt = :now, asked = :asked",
        ConditionExpression: "#status IN (:open, :dead)",
        ExpressionAttributeNames: { "#status": "status" },
        ExpressionAttributeValues: {
          ":open": text("open"),
          ":dead": text("dead"),
          ":none": number(0),
          ":asked": { BOOL: true },
          ":now": number(Date.now()),
        },
      }),
    ),
  );
}

/**
 * Discards a record, so that it is never delivered. Its body stays until the record expires.
 * Returns false when the record was delivered or discarded in the meantime.
 */
export function discardRecord(target: Target, { stream, key }: ParkedRecord): Promise<boolean> {
  const now = Date.now();
  return wasWritten(
    target.dynamodb.send(
      new UpdateItemCommand({
        TableName: target.failuresTable,
        Key: recordItemKey(stream, key),
        UpdateExpression: "SET #status = :discarded, finishedAt = :now, expires = :expires",
        ConditionExpression: "#status = :parked",
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
