import type { OutgoingMessage } from "../message/outgoing-message.ts";

/**
 * Bytes that a message, and all messages of a batch together, may have: SQS's 1 MiB with room for
 * attributes. A longer body goes to S3.
 */
export const MOST_BYTES = 1_040_000;

/** What the pointer to a body in S3 weighs at most, attribute included. */
const POINTER_BYTES = 1000;

/** SQS's limit for a batch. */
const BATCH_ENTRIES = 10;

/** What a body weighs in a request to SQS. */
export function requestBytes(body: string): number {
  const bytes = Buffer.byteLength(body);
  return bytes > MOST_BYTES ? POINTER_BYTES : bytes;
}

/** Batches of the first waiting message of each group. `waiting` is in order. */
export function nextBatches<Message extends Pick<OutgoingMessage, "group" | "body">>(
  waiting: Iterable<Message>,
): Message[][] {
  const groups = new Set<string>();
  const batches: Message[][] = [];
  let batch: Message[] = [];
  let bytes = 0;
  for (const message of waiting) {
    if (groups.has(message.group)) continue;
    groups.add(message.group);
    const weight = requestBytes(message.body);
    if (batch.length === BATCH_ENTRIES || (batch.length > 0 && bytes + weight > MOST_BYTES)) {
      batches.push(batch);
      batch = [];
      bytes = 0;
    }
    batch.push(message);
    bytes += weight;
  }
  if (batch.length > 0) batches.push(batch);
  return batches;
}
