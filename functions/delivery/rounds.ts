import type { OutgoingMessage } from "../message/outgoing-message.ts";

/** SQS's limits for a batch: ten entries, 1 MiB together (with room for attributes). */
const BATCH_ENTRIES = 10;
const BATCH_BYTES = 1_040_000;
/** What an off-loaded message weighs in a batch. */
const POINTER_BYTES = 1000;

/** Batches of the first waiting message of each group. `waiting` is in order. */
export function nextRound(waiting: Iterable<OutgoingMessage>): OutgoingMessage[][] {
  const groups = new Set<string>();
  const batches: OutgoingMessage[][] = [];
  let batch: OutgoingMessage[] = [];
  let bytes = 0;
  for (const message of waiting) {
    if (groups.has(message.group)) continue;
    groups.add(message.group);
    const size = Buffer.byteLength(message.body);
    const weight = size > BATCH_BYTES ? POINTER_BYTES : size;
    if (batch.length === BATCH_ENTRIES || (batch.length > 0 && bytes + weight > BATCH_BYTES)) {
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
