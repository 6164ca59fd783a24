import { ScanCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import type { LiveStack } from "./live-stack.ts";

/**
 * Makes all parked streams due for their next attempt at once. `openedAt` also changes when they
 * were parked, milliseconds since 1970.
 */
export async function passRests(
  { clients: { dynamodb }, topology }: Pick<LiveStack, "clients" | "topology">,
  openedAt?: number,
): Promise<void> {
  const TableName = topology.tables.failures;
  const now = { N: String(Date.now()) };
  const { Items = [] } = await dynamodb.send(
    new ScanCommand({
      TableName,
      FilterExpression: "#status = :open AND nextAttempt > :now AND #position = :state",
      ExpressionAttributeNames: { "#status": "status", "#position": "position" },
      ExpressionAttributeValues: {
        ":open": { S: "open" },
        ":now": now,
        ":state": { S: "~state" },
      },
    }),
  );
  for (const { stream, position } of Items) {
    if (stream === undefined || position === undefined) continue;
    await dynamodb.send(
      new UpdateItemCommand({
        TableName,
        Key: { stream, position },
        UpdateExpression: `SET nextAttempt = :now${openedAt === undefined ? "" : ", openedAt = :opened"}`,
        ConditionExpression: "attribute_exists(nextAttempt)",
        ExpressionAttributeValues: {
          ":now": now,
          ...(openedAt !== undefined && { ":opened": { N: String(openedAt) } }),
        },
      }),
    );
  }
}

/** Discards everything parked, as an operator does who gives it up. */
export async function discardAll(stack: LiveStack): Promise<void> {
  const listed = JSON.parse(await stack.operator("failures", "list", "--json")) as readonly {
    readonly stream: string;
  }[];
  for (const { stream } of listed) {
    await stack.operator("failures", "discard", stream, "--all", "--yes");
  }
}
