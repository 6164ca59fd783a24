import {
  ConditionalCheckFailedException,
  QueryCommand,
  UpdateItemCommand,
  type AttributeValue,
  type DynamoDBClient,
  type UpdateItemCommandInput,
} from "@aws-sdk/client-dynamodb";
import { number, text, textOf, texts } from "../../wire/attributes.ts";
import { DUE_INDEX } from "../../wire/names.ts";
import type { DrainItems } from "../retry/drain.ts";
import { ifTrue } from "./if-true.ts";
import {
  decodeRecord,
  decodeState,
  errorText,
  expiresAt,
  recordItemKey,
  stateKey,
} from "./items.ts";
import { lastOf } from "./parked.ts";
import { resolveRecord } from "./resolve-record.ts";
import { readState } from "./route-items.ts";
import { parseStream, type Stream } from "./stream.ts";

export interface RetryItemsOptions {
  readonly client: DynamoDBClient;
  readonly table: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** What retry does to the failures table. */
export function retryItems({ client, table, now }: RetryItemsOptions): DrainItems {
  const update = (input: Omit<UpdateItemCommandInput, "TableName">) =>
    client.send(new UpdateItemCommand({ TableName: table, ...input }));

  return {
    read: (stream) => readState(client, table, stream),

    async claim(stream, at, until) {
      try {
        const { Attributes: item } = await update({
          Key: stateKey(stream),
          UpdateExpression: "SET nextAttempt = :until",
          ConditionExpression: "#status = :open AND nextAttempt <= :now",
          ExpressionAttributeNames: { "#status": "status" },
          ExpressionAttributeValues: {
            ":until": number(until),
            ":now": number(at),
            ":open": text("open"),
          },
          ReturnValues: "ALL_NEW",
        });
        return item === undefined ? null : decodeState(item);
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return null;
        throw error;
      }
    },

    async next(stream, after, tail) {
      const { Items: items = [] } = await client.send(
        new QueryCommand({
          TableName: table,
          ConsistentRead: true,
          KeyConditionExpression: "#stream = :stream AND #position BETWEEN :after AND :records",
          ExpressionAttributeNames: { "#stream": "stream", "#position": "position" },
          ExpressionAttributeValues: {
            ":stream": stateKey(stream).stream,
            // Keys of records have one length: what follows a key is the first text beyond it, and `~` the end of them.
            ":after": text(after === "" ? "!" : `${after}!`),
            ":records": text("~"),
          },
        }),
      );
      return items.map(decodeRecord).filter(({ key }) => lastOf(key) <= tail);
    },

    async noteFailure({ stream, key, attempts }, { trouble, sent, nextAttemptAt }) {
      await ifTrue(
        update({
          Key: recordItemKey(stream, key),
          UpdateExpression:
            "SET reason = :reason, #error = :error, attempts = :attempts, lastFailureAt = :now" +
            (nextAttemptAt === null ? " REMOVE nextAttempt" : ", nextAttempt = :next") +
            (sent.size === 0 ? "" : " ADD sent :sent"),
          ConditionExpression: "#status = :parked",
          ExpressionAttributeNames: { "#status": "status", "#error": "error" },
          ExpressionAttributeValues: {
            ":reason": text(trouble.reason),
            ":error": errorText(trouble),
            ":attempts": number(attempts + 1),
            ":now": number(now()),
            ":parked": text("parked"),
            ...(nextAttemptAt !== null && { ":next": number(nextAttemptAt) }),
            ...(sent.size > 0 && { ":sent": texts(sent) }),
          },
        }),
      );
    },

    resolve: ({ stream, key }) => resolveRecord({ client, table, now: now() }, stream, key),

    close: (stream, drained) =>
      ifTrue(
        update({
          Key: stateKey(stream),
          UpdateExpression:
            "SET #status = :closed, drained = :drained, expires = :expires REMOVE due, nextAttempt, attempts",
          ConditionExpression: "#status = :open AND tail = :tail",
          ExpressionAttributeNames: { "#status": "status" },
          ExpressionAttributeValues: {
            ":closed": text("closed"),
            ":open": text("open"),
            ":drained": text(drained),
            ":tail": text(lastOf(drained)),
            ":expires": number(expiresAt(now())),
          },
        }),
      ),

    async postpone({ stream, nextAttemptAt }, next) {
      const { trouble } = next;
      await ifTrue(
        update({
          Key: stateKey(stream),
          UpdateExpression:
            "SET drained = :drained, attempts = :attempts, nextAttempt = :next, #status = :status, due = :status" +
            (trouble === null ? "" : ", reason = :reason, #error = :error, lastFailureAt = :now"),
          ConditionExpression: "#status = :open AND nextAttempt = :claimed",
          ExpressionAttributeNames: {
            "#status": "status",
            ...(trouble !== null && { "#error": "error" }),
          },
          ExpressionAttributeValues: {
            ":drained": text(next.drained),
            ":attempts": number(next.attempts),
            ":next": number(next.nextAttemptAt),
            ":status": text(next.dead ? "dead" : "open"),
            ":open": text("open"),
            ":claimed": number(nextAttemptAt),
            ...(trouble !== null && {
              ":reason": text(trouble.reason),
              ":error": errorText(trouble),
              ":now": number(now()),
            }),
          },
        }),
      );
    },
  };
}

/** Streams that are due at `until`, the longest waiting first. */
export async function* dueStreams(
  client: DynamoDBClient,
  table: string,
  until: number,
): AsyncGenerator<Stream> {
  let start: Record<string, AttributeValue> | undefined;
  do {
    const { Items: items = [], LastEvaluatedKey: last } = await client.send(
      new QueryCommand({
        TableName: table,
        IndexName: DUE_INDEX,
        KeyConditionExpression: "due = :open AND nextAttempt <= :until",
        ExpressionAttributeValues: { ":open": text("open"), ":until": number(until) },
        ...(start !== undefined && { ExclusiveStartKey: start }),
      }),
    );
    for (const item of items) yield parseStream(textOf(item, "stream") ?? "");
    start = last;
  } while (start !== undefined);
}

/** How many streams are open or dead. */
export async function countStreams(
  client: DynamoDBClient,
  table: string,
  status: "open" | "dead",
): Promise<number> {
  let count = 0;
  let start: Record<string, AttributeValue> | undefined;
  do {
    const { Count: found = 0, LastEvaluatedKey: last } = await client.send(
      new QueryCommand({
        TableName: table,
        IndexName: DUE_INDEX,
        Select: "COUNT",
        KeyConditionExpression: "due = :status",
        ExpressionAttributeValues: { ":status": text(status) },
        ...(start !== undefined && { ExclusiveStartKey: start }),
      }),
    );
    count += found;
    start = last;
  } while (start !== undefined);
  return count;
}
