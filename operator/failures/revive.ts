import { UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { number, text } from "../../wire/attributes.ts";
import { wasWritten } from "../../functions/aws/conditional-write.ts";
import { expiresAt, recordItemKey, stateKey } from "../../functions/failures/items.ts";
import type { ParkedRecord } from "../../functions/failures/parked.ts";
import type { Stream } from "../../functions/failures/stream.ts";
import type { Target } from "./target.ts";

/** Makes a stream due at once, with all its attempts before it, dead or not. Returns false when it has nothing parked. */
export function revive(target: Target, stream: Stream): Promise<boolean> {
  return wasWritten(
    target.dynamodb.send(
      new UpdateItemCommand({
        TableName: target.failuresTable,
        Key: stateKey(stream),
        UpdateExpression: "SET #status = :open, due = :open, attempts = :none, nextAttempt = :now",
        ConditionExpression: "#status IN (:open, :dead)",
        ExpressionAttributeNames: { "#status": "status" },
        ExpressionAttributeValues: {
          ":open": text("open"),
          ":dead": text("dead"),
          ":none": number(0),
          ":now": number(Date.now()),
        },
      }),
    ),
  );
}

/** Gives a record up for good: it will not be delivered. Its body stays until the record expires. Returns false when it was delivered meanwhile. */
export function discard(target: Target, { stream, key }: ParkedRecord): Promise<boolean> {
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
