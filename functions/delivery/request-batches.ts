/**
 * The maximum size of a message, and of all messages of a batch together: SQS's 1 MiB minus room
 * for the ids and groups of ten messages, should SQS count them. Larger bodies are stored in S3.
 */
export const MOST_BYTES = 1_046_000;

/** The maximum size of a pointer to a body in S3, including its attribute. */
const POINTER_BYTES = 1000;

/** SQS's maximum number of messages in a batch. */
const BATCH_ENTRIES = 10;

/** The size of a body of so many bytes, or of the pointer to it, in a request to SQS. */
export function requestBytes(bytes: number): number {
  return bytes > MOST_BYTES ? POINTER_BYTES : bytes;
}

/** What decides which messages share a request. */
export interface Waiting {
  readonly group: string;
  /** The size of the body. */
  readonly bytes: number;
}

/** Groups the first waiting message of each group into batches. `waiting` is in order. */
export function nextBatches<Message extends Waiting>(waiting: Iterable<Message>): Message[][] {
  const groups = new Set<string>();
  const batches: Message[][] = [];
  let batch: Message[] = [];
  let bytes = 0;
  for (const message of waiting) {
    if (groups.has(message.group)) continue;
    groups.add(message.group);
    const weight = requestBytes(message.bytes);
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
