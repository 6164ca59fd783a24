import { crc32 } from "node:zlib";
import { CorruptEventError } from "../errors.ts";
import { EventType, eventTypeName } from "./event-types.ts";

/** The length of the checksum at the end of an event, with `binlog_checksum=CRC32`. */
export const CHECKSUM_LENGTH = 4;

const TYPE_OFFSET = 4;
const FLAGS_OFFSET = 17;
const BINLOG_IN_USE_F = 0x01;

/**
 * Verifies the CRC-32 at the end of an event and returns the event without it. Throws
 * CorruptEventError when it does not match.
 */
export function verifyChecksum(event: Buffer): Buffer {
  const end = event.length - CHECKSUM_LENGTH;
  if (end < 0) throw new CorruptEventError("an event is shorter than its checksum");
  const body = event.subarray(0, end);
  if (checksum(body) !== event.readUInt32LE(end)) {
    throw new CorruptEventError(
      `the checksum of a ${eventTypeName(event[TYPE_OFFSET] ?? 0)} of ${event.length} bytes does not match`,
    );
  }
  return body;
}

/**
 * The checksum of an event. A format description has a mark while its file is being written; its
 * checksum is that of the event without the mark.
 */
function checksum(body: Buffer): number {
  const flags = body[FLAGS_OFFSET] ?? 0;
  if (body[TYPE_OFFSET] !== EventType.FORMAT_DESCRIPTION_EVENT || (flags & BINLOG_IN_USE_F) === 0) {
    return crc32(body);
  }
  const unmarked = Buffer.of(flags & ~BINLOG_IN_USE_F);
  const head = crc32(unmarked, crc32(body.subarray(0, FLAGS_OFFSET)));
  return crc32(body.subarray(FLAGS_OFFSET + 1), head);
}
