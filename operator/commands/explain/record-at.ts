import { QueryCommand } from "@aws-sdk/client-dynamodb";
import { decodeRecord } from "../../../functions/failures/items.ts";
import { lastOf, type ParkedRecord } from "../../../functions/failures/parked.ts";
import { type Stream, streamText } from "../../../functions/failures/stream.ts";
import { text } from "../../../wire/attributes.ts";
import type { PositionText } from "../../../wire/position.ts";
import type { Target } from "../../shared/target.ts";

/** Behind every record's key that begins at a position. */
const AFTER = "/~";
/**
 * Records of one stream hardly overlap: those that begin before a position and end after it are
 * among the nearest.
 */
const LOOKED_AT = 20;

/** The records of a stream that cover a position, the nearest first. */
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
