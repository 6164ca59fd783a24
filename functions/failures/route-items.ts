import {
  ConditionalCheckFailedException,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
  type DynamoDBClient,
} from "@aws-sdk/client-dynamodb";
import { number, text } from "../aws/attributes.ts";
import type { StreamItems } from "../delivery/hand-over.ts";
import type { BodyStore } from "./body-store.ts";
import { decodeState, encodeRecord, errorText, stateKey } from "./items.ts";
import { recordKey, type StreamState } from "./parked.ts";
import type { Stream } from "./stream.ts";

export interface FailuresTableOptions {
  readonly client: DynamoDBClient;
  readonly table: string;
  readonly bodies: BodyStore;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** How long a stream rests after its first failure, milliseconds. */
  readonly firstDelayMs: number;
}

/** What route does to the failures table. */
export function routeItems(options: FailuresTableOptions): StreamItems {
  const { client, table, bodies, now, firstDelayMs } = options;
  return {
    read: (stream) => readState(client, table, stream),

    moveTail: (stream, last) =>
      ifTrue(
        client.send(
          new UpdateItemCommand({
            TableName: table,
            Key: stateKey(stream),
            UpdateExpression: "SET tail = :last",
            ConditionExpression: "#status IN (:open, :dead) AND tail < :last",
            ExpressionAttributeNames: { "#status": "status" },
            ExpressionAttributeValues: {
              ":last": text(last),
              ":open": text("open"),
              ":dead": text("dead"),
            },
          }),
        ),
      ),

    open: (stream, last, trouble) =>
      ifTrue(
        client.send(
          new UpdateItemCommand({
            TableName: table,
            Key: stateKey(stream),
            UpdateExpression:
              "SET #status = :open, due = :open, tail = :last, attempts = :none, nextAttempt = :next, " +
              "openedAt = :now, lastFailureAt = :now, reason = :reason, #error = :error REMOVE expires",
            ConditionExpression:
              "attribute_not_exists(#status) OR (#status = :closed AND tail < :last)",
            ExpressionAttributeNames: { "#status": "status", "#error": "error" },
            ExpressionAttributeValues: {
              ":open": text("open"),
              ":closed": text("closed"),
              ":last": text(last),
              ":none": number(0),
              ":next": number(now() + firstDelayMs),
              ":now": number(now()),
              ":reason": text(trouble.reason),
              ":error": errorText(trouble),
            },
          }),
        ),
      ),

    async putRecord(stream, batch, trouble) {
      const key = recordKey(batch);
      const body = await bodies.store(stream, key, batch.body);
      await ifTrue(
        client.send(
          new PutItemCommand({
            TableName: table,
            Item: encodeRecord(stream, key, { batch, trouble, body, now: now() }),
            ConditionExpression: "attribute_not_exists(#stream)",
            ExpressionAttributeNames: { "#stream": "stream" },
          }),
        ),
      );
    },
  };
}

/** A stream's state, read consistently; null when there is none. */
export async function readState(
  client: DynamoDBClient,
  table: string,
  stream: Stream,
): Promise<StreamState | null> {
  const { Item: item } = await client.send(
    new GetItemCommand({ TableName: table, Key: stateKey(stream), ConsistentRead: true }),
  );
  return item === undefined ? null : decodeState(item);
}

/** Whether a conditional write took place. */
export async function ifTrue(write: Promise<unknown>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}
