import type { QueryCommandInput } from "@aws-sdk/client-dynamodb";
import { text } from "../../wire/attributes.ts";
import { stateKey } from "./items.ts";
import type { RecordKey } from "./parked.ts";
import type { Stream } from "./stream.ts";

/** A query of a table that the caller names. */
export type TableQuery = Omit<QueryCommandInput, "TableName">;

/** The query for a stream's records after a key, in order. */
export function recordsAfter(stream: Stream, key: RecordKey): TableQuery {
  return {
    ConsistentRead: true,
    KeyConditionExpression: "#stream = :stream AND #position BETWEEN :after AND :records",
    ExpressionAttributeNames: { "#stream": "stream", "#position": "position" },
    ExpressionAttributeValues: {
      ":stream": stateKey(stream).stream,
      // A key followed by `!` sorts after the key and before every later key, because all positions
      // have the same length and `/`, which precedes a life's name, is greater than `!`. All keys
      // sort before `~`.
      ":after": text(key === "" ? "!" : `${key}!`),
      ":records": text("~"),
    },
  };
}
