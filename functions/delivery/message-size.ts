/** Bytes that a message, and all messages of a batch together, may have: SQS's 1 MiB with room for attributes. A longer body goes to S3. */
export const MOST_BYTES = 1_040_000;

/** What the pointer to a body in S3 weighs at most, attribute included. */
const POINTER_BYTES = 1000;

/** What a body weighs in a request to SQS. */
export function requestBytes(body: string): number {
  const bytes = Buffer.byteLength(body);
  return bytes > MOST_BYTES ? POINTER_BYTES : bytes;
}
