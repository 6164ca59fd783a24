import { crc32 } from "node:zlib";
import { CorruptEventError } from "../errors.ts";
import { EventType, eventTypeName } from "./event-types.ts";

/**
 * How long the checksum at the end of an event is, where the binlog has checksums
 * (`binlog_checksum=CRC32`).
 */
export const CHECKSUM_LENGTH = 4;

const TYPE_OFFSET = 4;
const FLAGS_OFFSET = 17;
const BINLOG_IN_USE_F = 0x01;

/**
 * Checks an event (header, body and the CRC-32 at its end) and returns it without its checksum.
 * Throws CorruptEventError when they do not agree.
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
 * A format description is marked as long as its file is being written, which its checksum does not
 * count.
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
