import { QueryCommand, type AttributeValue } from "@aws-sdk/client-dynamodb";
import { text, textOf, type Item } from "../../wire/attributes.ts";
import { DUE_INDEX } from "../../wire/names.ts";
import { batchGet } from "../../functions/aws/batch-get.ts";
import { decodeRecord, decodeState, stateKey } from "../../functions/failures/items.ts";
import type { ParkedRecord, StreamState } from "../../functions/failures/parked.ts";
import { parseStream, streamText, type Stream } from "../../functions/failures/stream.ts";
import type { Target } from "./target.ts";

/** The streams that are open or dead, those that failed longest ago first. */
export async function troubledStreams(target: Target): Promise<StreamState[]> {
  const streams: Stream[] = [];
  for (const status of ["dead", "open"]) {
    const items = query(target, {
      IndexName: DUE_INDEX,
      KeyConditionExpression: "due = :status",
      ExpressionAttributeValues: { ":status": text(status) },
    });
    for await (const item of items) streams.push(parseStream(textOf(item, "stream") ?? ""));
  }
  const states = await batchGet(target.dynamodb, target.failuresTable, streams.map(stateKey));
  return states.map(decodeState).sort((a, b) => a.openedAt - b.openedAt);
}

export interface RecordOptions {
  /** Also the compressed bodies, which are the bulk of a record. */
  readonly bodies: boolean;
}

/** A stream's records that wait, in order. */
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
