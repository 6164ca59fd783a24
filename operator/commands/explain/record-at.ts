import { QueryCommand } from "@aws-sdk/client-dynamodb";
import { decodeRecord } from "../../../functions/failures/items.ts";
import { isBehind, lastOf, type ParkedRecord } from "../../../functions/failures/parked.ts";
import type { TableQuery } from "../../../functions/failures/records-after.ts";
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

/**
 * Finds the records of a stream that cover a position, the nearest first, and then those that may
 * contain its change although they were written behind it.
 */
export async function recordsAt(
  target: Target,
  stream: Stream,
  position: PositionText,
): Promise<readonly ParkedRecord[]> {
  const before = await nearest(target, stream, {
    ScanIndexForward: false,
    KeyConditionExpression: "#stream = :stream AND #position < :at",
    ExpressionAttributeValues: { ":at": text(position + AFTER) },
  });
  const covering = before.filter(({ key }) => lastOf(key) >= position);
  if (stream.kind === "raw") return covering;
  const behind = await nearest(target, stream, {
    KeyConditionExpression: "#stream = :stream AND #position BETWEEN :at AND :records",
    ExpressionAttributeValues: { ":at": text(position), ":records": text("~") },
  });
  return [...covering, ...behind.filter(({ key }) => isBehind(key))];
}

async function nearest(
  { dynamodb, failuresTable }: Target,
  stream: Stream,
  { ExpressionAttributeValues: values, ...query }: TableQuery,
): Promise<readonly ParkedRecord[]> {
  const { Items: items = [] } = await dynamodb.send(
    new QueryCommand({
      TableName: failuresTable,
      ConsistentRead: true,
      Limit: LOOKED_AT,
      ...query,
      ExpressionAttributeNames: { "#stream": "stream", "#position": "position" },
      ExpressionAttributeValues: { ...values, ":stream": text(streamText(stream)) },
    }),
  );
  return items.map(decodeRecord);
}
