import type { EventHeader } from "../binlog-format/event-header.ts";
import { EventType } from "../binlog-format/event-types.ts";
import { parseTransactionPayload } from "../binlog-format/transaction-payload.ts";

const LARGE_BYTES = 1 << 20;

/** Whether an event is a compressed transaction that would take more memory at once than is wise. */
export function isLargePayload({ type }: EventHeader, event: Buffer): boolean {
  if (type !== EventType.TRANSACTION_PAYLOAD_EVENT) return false;
  const { uncompressedSize, payload } = parseTransactionPayload(event);
  return Math.max(uncompressedSize, payload.length) > LARGE_BYTES;
}
