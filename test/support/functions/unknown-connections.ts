import { BatchWriteItemCommand, QueryCommand } from "@aws-sdk/client-dynamodb";
import { expect } from "vitest";
import { streamText, threadStream } from "../../../functions/failures/stream.ts";
import type { RetryRuntime } from "../../../functions/retry/retry-handler.ts";
import { SERVER, type TestLane } from "./frames.ts";
import { rawEvent, route } from "./invoke.ts";
import type { Stage } from "./stage.ts";

const PER_FRAME = 25;

/** Routes changes of `connections` unknown connections, one change each. */
export async function parkUnknown(
  runtime: RetryRuntime,
  lane: TestLane,
  connections: number,
  first = 100,
): Promise<void> {
  for (let n = 0; n < connections; n += PER_FRAME) {
    const threads = Array.from(
      { length: Math.min(PER_FRAME, connections - n) },
      (_, i) => first + n + i,
    );
    const frame = lane.frame(threads.map((thread) => ({ user: null, thread })));
    expect(await route(runtime, rawEvent([frame]))).toEqual([]);
  }
}

/** Parks one connection's change, and copies its items for the other connections. */
export async function parkCopies(
  { clients: { dynamodb } }: Stage,
  runtime: RetryRuntime,
  lane: TestLane,
  connections: number,
): Promise<void> {
  await parkUnknown(runtime, lane, 1);
  const original = streamText(threadStream(lane.lane, { server: SERVER, run: 1, thread: 100 }));
  const { Items: items = [] } = await dynamodb.send(
    new QueryCommand({
      TableName: "failures",
      KeyConditionExpression: "#stream = :stream",
      ExpressionAttributeNames: { "#stream": "stream" },
      ExpressionAttributeValues: { ":stream": { S: original } },
    }),
  );
  expect(items).toHaveLength(2);
  const writes = Array.from({ length: connections - 1 }, (_, i) =>
    items.map((item) => ({
      PutRequest: { Item: { ...item, stream: { S: original.replace(/\d+$/, String(101 + i)) } } },
    })),
  ).flat();
  for (let at = 0; at < writes.length; at += 25) {
    const RequestItems = { failures: writes.slice(at, at + 25) };
    await dynamodb.send(new BatchWriteItemCommand({ RequestItems }));
  }
}
