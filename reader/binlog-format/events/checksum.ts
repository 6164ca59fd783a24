import { crc32 } from "node:zlib";
import { CorruptEventError } from "../errors.ts";
import { uint32At } from "./event-header.ts";
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
  return event.subarray(0, verifiedEnd(event, 0, event.length));
}

/** Like `verifyChecksum`, for the event in `bytes` from `start` to `end`; returns where it ends. */
export function verifiedEnd(bytes: Buffer, start: number, end: number): number {
  const bodyEnd = end - CHECKSUM_LENGTH;
  if (bodyEnd < start) throw new CorruptEventError("an event is shorter than its checksum");
  const isUsual = bytes[start + TYPE_OFFSET] !== EventType.FORMAT_DESCRIPTION_EVENT;
  const actual =
    isUsual && end - start <= SHORT
      ? shortCrc32(bytes, start, bodyEnd)
      : checksum(bytes.subarray(start, bodyEnd));
  if (actual !== uint32At(bytes, bodyEnd)) {
    throw new CorruptEventError(
      `the checksum of a ${eventTypeName(bytes[start + TYPE_OFFSET] ?? 0)} of ${end - start} bytes does not match`,
    );
  }
  return bodyEnd;
}

/** Up to this length, bytes, a CRC-32 in JavaScript is faster than a call of zlib's. */
const SHORT = 320;

/** `TABLES[k * 256 + b]`: the CRC-32 of the byte b followed by k zeros. */
const TABLES = new Int32Array(16 * 256);
for (let byte = 0; byte < 256; byte++) {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? 0xedb88320 ^ (crc >>> 1) : crc >>> 1;
  TABLES[byte] = crc;
}
for (let at = 256; at < TABLES.length; at++) {
  const crc = TABLES[at - 256] as number;
  TABLES[at] = (TABLES[crc & 0xff] as number) ^ (crc >>> 8);
}

/** What a byte with `distance` bytes behind it adds to the CRC-32 of all of them. */
function part(byte: number, distance: number): number {
  return TABLES[distance * 256 + byte] as number;
}

/** The CRC-32 of the bytes from `start` to `end`, sixteen at a time. */
function shortCrc32(bytes: Buffer, start: number, end: number): number {
  let crc = -1;
  let at = start;
  for (; at + 16 <= end; at += 16) {
    crc =
      part((crc ^ (bytes[at] as number)) & 0xff, 15) ^
      part(((crc >>> 8) ^ (bytes[at + 1] as number)) & 0xff, 14) ^
      part(((crc >>> 16) ^ (bytes[at + 2] as number)) & 0xff, 13) ^
      part((crc >>> 24) ^ (bytes[at + 3] as number), 12) ^
      part(bytes[at + 4] as number, 11) ^
      part(bytes[at + 5] as number, 10) ^
      part(bytes[at + 6] as number, 9) ^
      part(bytes[at + 7] as number, 8) ^
      part(bytes[at + 8] as number, 7) ^
      part(bytes[at + 9] as number, 6) ^
      part(bytes[at + 10] as number, 5) ^
      part(bytes[at + 11] as number, 4) ^
      part(bytes[at + 12] as number, 3) ^
      part(bytes[at + 13] as number, 2) ^
      part(bytes[at + 14] as number, 1) ^
      part(bytes[at + 15] as number, 0);
  }
  for (; at + 4 <= end; at += 4) {
    crc =
      part((crc ^ (bytes[at] as number)) & 0xff, 3) ^
      part(((crc >>> 8) ^ (bytes[at + 1] as number)) & 0xff, 2) ^
      part(((crc >>> 16) ^ (bytes[at + 2] as number)) & 0xff, 1) ^
      part((crc >>> 24) ^ (bytes[at + 3] as number), 0);
  }
  for (; at < end; at++) crc = part((crc ^ (bytes[at] as number)) & 0xff, 0) ^ (crc >>> 8);
  return ~crc >>> 0;
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
