import { ScanCommand } from "@aws-sdk/client-dynamodb";
import { text, textOf } from "../../wire/attributes.ts";
import type { LaneState } from "../../functions/delivery/lanes-table.ts";
import { lanesTable } from "../../functions/delivery/lanes-table.ts";
import type { Target } from "./target.ts";

/** Every lane's delivered position. The offsets table has a handful of items. */
export async function readLanes({ dynamodb, offsetsTable }: Target): Promise<LaneState[]> {
  const { Items: items = [] } = await dynamodb.send(
    new ScanCommand({
      TableName: offsetsTable,
      ConsistentRead: true,
      FilterExpression: "begins_with(id, :lane)",
      ExpressionAttributeValues: { ":lane": text("lane#") },
    }),
  );
  const numbers = items.map((item) => Number((textOf(item, "id") ?? "").slice("lane#".length)));
  const lanes = lanesTable(dynamodb, offsetsTable);
  return await Promise.all(numbers.sort((a, b) => a - b).map((lane) => lanes.read(lane)));
}

/** One lane; a lane of which nothing was delivered, or whose item was lost, has no delivered position. */
export async function readLane(
  { dynamodb, offsetsTable }: Target,
  lane: number,
): Promise<LaneState> {
  return await lanesTable(dynamodb, offsetsTable).read(lane);
}

/** Declares everything up to a position delivered, so that the frame that follows it is no gap. What lies between is lost. */
export async function acceptGap(
  { dynamodb, offsetsTable }: Target,
  lane: LaneState,
  delivered: string,
): Promise<void> {
  await lanesTable(dynamodb, offsetsTable).write(lane, { delivered, troubled: lane.troubled });
}
