import type { PutItemCommandInput } from "@aws-sdk/client-dynamodb";
import { number, text, texts, type Item } from "../../wire/attributes.ts";
import { errorText, expiresAt, recordItemKey } from "./items.ts";
import type { FailedAttempt, ParkedRecord, RecordKey } from "./parked.ts";
import type { ItemUpdate } from "./state-updates.ts";
import type { Stream } from "./stream.ts";

/**
 * Writes a record unless one with its key exists, in whatever status. With `instead`, it also
 * replaces a parked record that has not been attempted, unless that was made of another share.
 */
export function recordPut(item: Item, instead: boolean): Omit<PutItemCommandInput, "TableName"> {
  const free = "attribute_not_exists(#stream)";
  const { share } = item;
  const same = share === undefined ? "" : " AND (attribute_not_exists(#share) OR #share = :share)";
  const waiting = `(#status = :parked AND attribute_not_exists(attempts)${same})`;
  return {
    Item: item,
    ConditionExpression: instead ? `${free} OR ${waiting}` : free,
    ExpressionAttributeNames: {
      "#stream": "stream",
      ...(instead && { "#status": "status" }),
      ...(instead && share !== undefined && { "#share": "share" }),
    },
    ...(instead && {
      ExpressionAttributeValues: {
        ":parked": text("parked"),
        ...(share !== undefined && { ":share": share }),
      },
    }),
  };
}

/** Records a failed attempt on a parked record. */
export function failureUpdate(
  { stream, key, attempts }: ParkedRecord,
  { trouble, sent, nextAttemptAt }: FailedAttempt,
  now: number,
): ItemUpdate {
  return {
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
      ":now": number(now),
      ":parked": text("parked"),
      ...(nextAttemptAt !== null && { ":next": number(nextAttemptAt) }),
      ...(sent.size > 0 && { ":sent": texts(sent) }),
    },
  };
}

/**
 * Records how much of a record's body is done, if the record is parked and still has the body that
 * was read. A record that route has written in its place has other messages. The update sets
 * `attempts`, so that route no longer replaces the record.
 */
export function progressUpdate({
  stream,
  key,
  progress,
  sent,
  parkedAt,
}: ParkedRecord): ItemUpdate {
  return {
    Key: recordItemKey(stream, key),
    UpdateExpression:
      "SET progress = :progress, attempts = if_not_exists(attempts, :none)" +
      (sent.size === 0 ? " REMOVE sent" : ", sent = :sent"),
    ConditionExpression:
      "#status = :parked AND (attribute_not_exists(parkedAt) OR parkedAt = :parkedAt)",
    ExpressionAttributeNames: { "#status": "status" },
    ExpressionAttributeValues: {
      ":progress": number(progress),
      ":none": number(0),
      ":parked": text("parked"),
      ":parkedAt": number(parkedAt),
      ...(sent.size > 0 && { ":sent": texts(sent) }),
    },
  };
}

/** Marks a parked record as resolved and removes its body. */
export function resolveUpdate(stream: Stream, key: RecordKey, now: number): ItemUpdate {
  return {
    Key: recordItemKey(stream, key),
    UpdateExpression:
      "SET #status = :resolved, finishedAt = :now, expires = :expires REMOVE body, bodyKey, sent, progress, nextAttempt",
    ConditionExpression: "#status = :parked",
    ExpressionAttributeNames: { "#status": "status" },
    ExpressionAttributeValues: {
      ":resolved": text("resolved"),
      ":parked": text("parked"),
      ":now": number(now),
      ":expires": number(expiresAt(now)),
    },
  };
}
