import type { SQSClient } from "@aws-sdk/client-sqs";
import { SqsQueue } from "../../../client/sqs-queue.ts";

/**
 * Prints how many bytes each receive of a subscription keeps in memory until the subscription ends.
 * node-20.test.ts bundles it for the oldest supported Node.js and runs it with --expose-gc.
 */
const RECEIVES = 20_000;

const stopping = new AbortController();
const empty = { send: () => Promise.resolve({ Messages: [] }) } as unknown as SQSClient;
const queue = new SqsQueue(empty, "http://localhost/queue");

async function receive(times: number): Promise<void> {
  for (let n = 0; n < times; n++) {
    await queue.receive({
      most: 10,
      waitSeconds: 0,
      visibilitySeconds: 30,
      signal: stopping.signal,
    });
  }
}

function heapUsed(): number {
  for (let n = 0; n < 5; n++) globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

await receive(1000);
const before = heapUsed();
await receive(RECEIVES);
console.log((heapUsed() - before) / RECEIVES);
