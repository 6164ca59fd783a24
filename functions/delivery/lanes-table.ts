import {
  ConditionalCheckFailedException,
  GetItemCommand,
  UpdateItemCommand,
  type DynamoDBClient,
} from "@aws-sdk/client-dynamodb";
import { number, numberOf, text, textOf, texts, textsOf } from "../../wire/attributes.ts";
import { OwnTroubleError } from "../errors.ts";
import type { Lanes } from "./lane.ts";

/** The lanes' items in the offsets table: `id` (`lane#<n>`), `delivered`, `troubled` and `version`. */
export function lanesTable(client: DynamoDBClient, table: string): Lanes {
  return {
    async read(lane) {
      const { Item: item = {} } = await client.send(
        new GetItemCommand({ TableName: table, Key: key(lane), ConsistentRead: true }),
      );
      return {
        lane,
        delivered: textOf(item, "delivered") ?? null,
        troubled: textsOf(item, "troubled"),
        version: numberOf(item, "version") ?? 0,
      };
    },

    async write(from, { delivered, troubled }) {
      const version = from.version + 1;
      const set = ["version = :next"];
      const remove = [];
      if (delivered !== null) set.push("delivered = :delivered");
      if (troubled.size > 0) set.push("troubled = :troubled");
      else remove.push("troubled");
      try {
        await client.send(
          new UpdateItemCommand({
            TableName: table,
            Key: key(from.lane),
            UpdateExpression:
              `SET ${set.join(", ")}` + (remove.length > 0 ? ` REMOVE ${remove.join(", ")}` : ""),
            ConditionExpression:
              from.version === 0 ? "attribute_not_exists(id)" : "version = :version",
            ExpressionAttributeValues: {
              ":next": number(version),
              ...(delivered !== null && { ":delivered": text(delivered) }),
              ...(troubled.size > 0 && { ":troubled": texts(troubled) }),
              ...(from.version > 0 && { ":version": number(from.version) }),
            },
          }),
        );
      } catch (cause) {
        if (!(cause instanceof ConditionalCheckFailedException)) throw cause;
        throw new OwnTroubleError(`lane ${from.lane} was moved by another invocation`, { cause });
      }
      return { lane: from.lane, delivered, troubled, version };
    },
  };
}

function key(lane: number) {
  return { id: text(`lane#${lane}`) };
}
