import { crc32 } from "node:zlib";
import { CorruptEventError } from "../errors.ts";
import { viewOf } from "../view-of.ts";
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

/** Whether an event ends with its right CRC-32. */
export function endsWithChecksum(event: Buffer): boolean {
  const bodyEnd = event.length - CHECKSUM_LENGTH;
  return bodyEnd >= 0 && checksum(event.subarray(0, bodyEnd)) === event.readUInt32LE(bodyEnd);
}

/** Like `verifyChecksum`, for the event in `bytes` from `start` to `end`; returns where it ends. */
export function verifiedEnd(bytes: Buffer, start: number, end: number): number {
  const bodyEnd = end - CHECKSUM_LENGTH;
  if (bodyEnd < start) throw new CorruptEventError("an event is shorter than its checksum");
  const isUsual = bytes[start + TYPE_OFFSET] !== EventType.FORMAT_DESCRIPTION_EVENT;
  const view = viewOf(bytes);
  const actual =
    isUsual && end - start <= SHORT
      ? shortCrc32(view, start, bodyEnd)
      : checksum(bytes.subarray(start, bodyEnd)) | 0;
  if (actual !== view.getInt32(bodyEnd, true)) {
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

/** What the four bytes of a word with `distance` bytes behind it add to the CRC-32 of all. */
function part(word: number, distance: number): number {
  return (
    (TABLES[(distance + 3) * 256 + (word & 0xff)] as number) ^
    (TABLES[(distance + 2) * 256 + ((word >>> 8) & 0xff)] as number) ^
    (TABLES[(distance + 1) * 256 + ((word >>> 16) & 0xff)] as number) ^
    (TABLES[distance * 256 + (word >>> 24)] as number)
  );
}

/** The CRC-32 of the bytes from `start` to `end`, as a signed integer. Reads sixteen at a time. */
function shortCrc32(view: DataView, start: number, end: number): number {
  let crc = -1;
  let at = start;
  for (; at + 16 <= end; at += 16) {
    crc =
      part(view.getInt32(at, true) ^ crc, 12) ^
      part(view.getInt32(at + 4, true), 8) ^
      part(view.getInt32(at + 8, true), 4) ^
      part(view.getInt32(at + 12, true), 0);
  }
  for (; at + 4 <= end; at += 4) crc = part(view.getInt32(at, true) ^ crc, 0);
  for (; at < end; at++) crc = (TABLES[(crc ^ view.getUint8(at)) & 0xff] as number) ^ (crc >>> 8);
  return ~crc;
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
