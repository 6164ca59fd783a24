import {
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
  type DynamoDBClient,
} from "@aws-sdk/client-dynamodb";
import { number, text } from "../../wire/attributes.ts";
import type { StreamItems } from "../delivery/hand-over.ts";
import type { BodyStore } from "./body-store.ts";
import { ifTrue } from "./if-true.ts";
import { decodeState, encodeRecord, errorText, stateKey } from "./items.ts";
import { recordKey, type Batch, type StreamState, type Trouble } from "./parked.ts";
import { resolveRecord } from "./resolve-record.ts";
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

  async function writeRecord(
    stream: Stream,
    { batch, trouble, instead }: { batch: Batch; trouble: Trouble; instead: boolean },
  ): Promise<void> {
    const key = recordKey(batch);
    const body = await bodies.store(stream, key, batch.body);
    const free = "attribute_not_exists(#stream)";
    const waiting = "(#status = :parked AND attribute_not_exists(attempts))";
    await ifTrue(
      client.send(
        new PutItemCommand({
          TableName: table,
          Item: encodeRecord(stream, key, { batch, trouble, body, now: now() }),
          ConditionExpression: instead ? `${free} OR ${waiting}` : free,
          ExpressionAttributeNames: {
            "#stream": "stream",
            ...(instead && { "#status": "status" }),
          },
          ...(instead && { ExpressionAttributeValues: { ":parked": text("parked") } }),
        }),
      ),
    );
  }

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

    open: (stream, { head, tail }, trouble) =>
      ifTrue(
        client.send(
          new UpdateItemCommand({
            TableName: table,
            Key: stateKey(stream),
            UpdateExpression:
              "SET #status = :open, due = :open, tail = :tail, attempts = :none, nextAttempt = :next, " +
              (head === null ? "" : "head = :head, ") +
              "openedAt = :now, lastFailureAt = :now, reason = :reason, #error = :error REMOVE expires",
            ConditionExpression:
              "attribute_not_exists(#status) OR (#status = :closed AND tail < :tail)",
            ExpressionAttributeNames: { "#status": "status", "#error": "error" },
            ExpressionAttributeValues: {
              ":open": text("open"),
              ":closed": text("closed"),
              ":tail": text(tail),
              ...(head !== null && { ":head": text(head) }),
              ":none": number(0),
              ":next": number(now() + firstDelayMs),
              ":now": number(now()),
              ":reason": text(trouble.reason),
              ":error": errorText(trouble),
            },
          }),
        ),
      ),

    putRecord: (stream, batch, trouble) => writeRecord(stream, { batch, trouble, instead: false }),

    replaceRecord: (stream, batch, trouble) =>
      writeRecord(stream, { batch, trouble, instead: true }),

    resolve: (stream, key) => resolveRecord({ client, table, now: now() }, stream, key),
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
