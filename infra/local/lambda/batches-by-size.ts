import type { SQSRecord } from "aws-lambda";

/** Lambda's limit for an invocation's event, bytes. */
const LARGEST_EVENT = 6 * 1024 * 1024;
/** A character of a body takes at most this many bytes in the event. */
const BYTES_PER_CHARACTER = 6;
/** What a record takes besides its body, at most. */
const RECORD_BYTES = 16 * 1024;

/**
 * Cuts the records of one receive into batches whose events Lambda takes, in their order. A record
 * is never cut.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
 */
export function batchesBySize(records: readonly SQSRecord[]): readonly (readonly SQSRecord[])[] {
  const most = records.reduce(
    (sum, { body }) => sum + BYTES_PER_CHARACTER * body.length + RECORD_BYTES,
    0,
  );
  if (most <= LARGEST_EVENT) return [records];
  const batches: SQSRecord[][] = [];
  let room = 0;
  for (const record of records) {
    const bytes = Buffer.byteLength(JSON.stringify(record));
    const batch = batches.at(-1);
    if (batch === undefined || bytes + ",".length > room) {
      batches.push([record]);
      room = LARGEST_EVENT - '{"Records":[]}'.length - bytes;
    } else {
      batch.push(record);
      room -= bytes + ",".length;
    }
  }
  return batches;
}
