import { UpdateItemCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { number, text } from "../../wire/attributes.ts";
import { ifTrue } from "./if-true.ts";
import { expiresAt, recordItemKey } from "./items.ts";
import type { RecordKey } from "./parked.ts";
import type { Stream } from "./stream.ts";

/** Marks a record as done with if it waits, and removes its body. `now`: milliseconds since 1970. */
export async function resolveRecord(
  { client, table, now }: { client: DynamoDBClient; table: string; now: number },
  stream: Stream,
  key: RecordKey,
): Promise<void> {
  await ifTrue(
    client.send(
      new UpdateItemCommand({
        TableName: table,
        Key: recordItemKey(stream, key),
        UpdateExpression:
          "SET #status = :resolved, finishedAt = :now, expires = :expires REMOVE body, bodyKey, sent, nextAttempt",
        ConditionExpression: "#status = :parked",
        ExpressionAttributeNames: { "#status": "status" },
        ExpressionAttributeValues: {
          ":resolved": text("resolved"),
          ":parked": text("parked"),
          ":now": number(now),
          ":expires": number(expiresAt(now)),
        },
      }),
    ),
  );
}
