import { type DynamoDBClient, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { attributesOf, SNAPSHOTS_KEY } from "../../wire/snapshot-items.ts";
import { wasWritten } from "../aws/conditional-write.ts";

/** Notes for the reader that rows of a snapshot were dropped, unless its order was deleted. */
export type NoteDropped = (id: string) => Promise<void>;

export function dropNotes(client: DynamoDBClient, table: string): NoteDropped {
  return async (id) => {
    const { order, dropped } = attributesOf(id);
    await wasWritten(
      client.send(
        new UpdateItemCommand({
          TableName: table,
          Key: { ...SNAPSHOTS_KEY },
          UpdateExpression: "SET #dropped = :dropped",
          ConditionExpression: "attribute_exists(#order)",
          ExpressionAttributeNames: { "#order": order, "#dropped": dropped },
          ExpressionAttributeValues: { ":dropped": { BOOL: true } },
        }),
      ),
    );
  };
}
