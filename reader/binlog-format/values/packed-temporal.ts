import type { JsonWriter } from "../json-writer.ts";
import { putClock, putDate, putHours } from "./temporal.ts";

// Dates and times inside a JSON document are 64-bit integers (`TIME_to_longlong_packed` in MySQL's
// mysys/my_time.cc). From the lowest bit on: 24 bits of microseconds, 6 bits of seconds, 6 bits of
// minutes, the hours, the day, and year * 13 + month. They are written as MySQL prints them, always
// with six decimals.

const QUOTE = 0x22;
const LONGEST = 32;

/** Writes `"YYYY-MM-DD"`. */
export function writePackedDate(packed: bigint, json: JsonWriter): void {
  json.reserve(LONGEST);
  json.put(QUOTE);
  putPackedDate(packed, json);
  json.put(QUOTE);
}

/** Writes `"YYYY-MM-DD HH:MM:SS.ffffff"`. */
export function writePackedDatetime(packed: bigint, json: JsonWriter): void {
  json.reserve(LONGEST);
  json.put(QUOTE);
  putPackedDate(packed, json);
  json.put(0x20);
  putClock(json, bits(packed, 36, 5), bits(packed, 30, 6), bits(packed, 24, 6));
  putMicroseconds(packed, json);
  json.put(QUOTE);
}

/** Writes `"[-]HH:MM:SS.ffffff"`. */
export function writePackedTime(packed: bigint, json: JsonWriter): void {
  const size = packed < 0n ? -packed : packed;
  json.reserve(LONGEST);
  json.put(QUOTE);
  if (packed < 0n) json.put(0x2d);
  putHours(json, bits(size, 36, 10));
  json.put(0x3a);
  json.putPair(bits(size, 30, 6));
  json.put(0x3a);
  json.putPair(bits(size, 24, 6));
  putMicroseconds(size, json);
  json.put(QUOTE);
}

function putPackedDate(packed: bigint, json: JsonWriter): void {
  const yearMonth = bits(packed, 46, 17);
  putDate(json, Math.floor(yearMonth / 13), yearMonth % 13, bits(packed, 41, 5));
}

function putMicroseconds(packed: bigint, json: JsonWriter): void {
  json.put(0x2e);
  json.putPadded(bits(packed, 0, 24), 6);
}

function bits(value: bigint, from: number, count: number): number {
  return Number(BigInt.asUintN(count, value >> BigInt(from)));
}
