import type { OutgoingMessage } from "../message/outgoing-message.ts";
import { MOST_BYTES, requestBytes } from "./message-size.ts";

/** SQS's limit for a batch. */
const BATCH_ENTRIES = 10;

/** Batches of the first waiting message of each group. `waiting` is in order. */
export function nextRound(waiting: Iterable<OutgoingMessage>): OutgoingMessage[][] {
  const groups = new Set<string>();
  const batches: OutgoingMessage[][] = [];
  let batch: OutgoingMessage[] = [];
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
