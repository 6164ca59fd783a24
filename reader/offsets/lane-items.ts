import { type DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
import { text, textOf, textsOf } from "../../wire/attributes.ts";
import type { LaneProgress } from "./lane-layout.ts";

/** Reads the items `lane#<n>` of the offsets table, which the route function writes. */
export function laneItems(dynamodb: DynamoDBClient, table: string) {
  return async (lanes: Iterable<number>): Promise<ReadonlyMap<number, LaneProgress>> => {
    const found = await Promise.all(
      Array.from(lanes, async (lane): Promise<[number, LaneProgress]> => {
        const { Item: item = {} } = await dynamodb.send(
          new GetItemCommand({
            TableName: table,
            Key: { id: text(`lane#${lane}`) },
            ConsistentRead: true,
          }),
        );
        const delivered = textOf(item, "delivered") ?? null;
        return [lane, { delivered, troubled: textsOf(item, "troubled") }];
      }),
    );
    return new Map(found);
  };
}
