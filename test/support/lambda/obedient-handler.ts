/**
 * A function that follows the orders in its messages. It appends a line of JSON to the file
 * TRACE_FILE at the beginning and at the end of each invocation.
 */
import type { Context, SQSBatchResponse, SQSEvent } from "aws-lambda";
import { appendFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/** A message's body: an order. Parts that are absent are not done. */
export interface Order {
  readonly name: string;
  readonly waitMs?: number;
  /**
   * Until the message was received `times` times, it is reported as failed, or the handler throws
   * or hangs, or the process exits.
   */
  readonly trouble?: {
    readonly kind: "report" | "throw" | "exit" | "hang";
    readonly times: number;
  };
}

export interface TraceLine {
  readonly moment: "begin" | "end";
  readonly pid: number;
  readonly atMs: number;
  readonly groups: readonly string[];
  readonly names: readonly string[];
  readonly remainingMs: number;
  readonly functionName: string;
}

export async function handler(event: SQSEvent, context: Context): Promise<SQSBatchResponse> {
  trace("begin", event, context);
  const failed: string[] = [];
  for (const { body, messageId, attributes } of event.Records) {
    const { waitMs = 0, trouble } = JSON.parse(body) as Order;
    await delay(waitMs);
    if (trouble === undefined || Number(attributes.ApproximateReceiveCount) > trouble.times)
      continue;
    switch (trouble.kind) {
      case "report":
        failed.push(messageId);
        break;
      case "throw":
        throw new Error("as ordered");
      case "exit":
        process.exit(3);
        break;
      case "hang":
        await new Promise(() => undefined);
        break;
      default:
        trouble.kind satisfies never;
    }
  }
  trace("end", event, context);
  return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
}

function trace(moment: TraceLine["moment"], { Records }: SQSEvent, context: Context): void {
  const line: TraceLine = {
    moment,
    pid: process.pid,
    atMs: performance.timeOrigin + performance.now(),
    groups: [...new Set(Records.map(({ attributes }) => attributes.MessageGroupId ?? ""))],
    names: Records.map(({ body }) => (JSON.parse(body) as Order).name),
    remainingMs: context.getRemainingTimeInMillis(),
    functionName: context.functionName,
  };
  appendFileSync(process.env["TRACE_FILE"] ?? "", `${JSON.stringify(line)}\n`);
}
