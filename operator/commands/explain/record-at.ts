import { QueryCommand } from "@aws-sdk/client-dynamodb";
import { decodeRecord } from "../../../functions/failures/items.ts";
import { lastOf, type ParkedRecord } from "../../../functions/failures/parked.ts";
import { type Stream, streamText } from "../../../functions/failures/stream.ts";
import { text } from "../../../wire/attributes.ts";
import type { PositionText } from "../../../wire/position.ts";
import type { Target } from "../../shared/target.ts";

/** A key with this suffix sorts after all record keys that begin at the position. */
const AFTER = "/~";
/**
 * Number of records to read. Records of one stream hardly overlap, so those that cover a position
 * are among the nearest.
 */
const LOOKED_AT = 20;

/** Finds the records of a stream that cover a position, the nearest first. */
export async function recordsAt(
  { dynamodb, failuresTable }: Target,
  stream: Stream,
  position: PositionText,
): Promise<readonly ParkedRecord[]> {
  const { Items: items = [] } = await dynamodb.send(
    new QueryCommand({
      TableName: failuresTable,
      ConsistentRead: true,
      ScanIndexForward: false,
      Limit: LOOKED_AT,
      KeyConditionExpression: "#stream = :stream AND #position < :after",
      ExpressionAttributeNames: { "#stream": "stream", "#position": "position" },
      ExpressionAttributeValues: {
        ":stream": text(streamText(stream)),
        ":after": text(position + AFTER),
      },
    }),
  );
  return items.map(decodeRecord).filter(({ key }) => lastOf(key) >= position);
}
