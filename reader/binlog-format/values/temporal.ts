import type { JsonWriter } from "../json-writer.ts";
import type { ValueWriter } from "./value-writer.ts";

// Formats: `my_datetime_packed_to_binary`, `my_time_packed_to_binary` and `my_timestamp_to_binary`
// in MySQL's mysys/my_time.cc. An integer, highest byte first, is followed by the fraction of a
// second in 0 to 3 bytes.

const QUOTE = 0x22;
const COLON = 0x3a;
const DASH = 0x2d;
const LONGEST = 40;
const SECONDS_PER_DAY = 86_400;

/** DATE, as text. Zero dates are written as MySQL shows them (`0000-00-00`, `2020-00-00`). */
export const writeDate: ValueWriter = (row, offset, json) => {
  const packed = row.readUIntLE(offset, 3);
  json.reserve(LONGEST);
  json.put(QUOTE);
  putDate(json, packed >> 9, (packed >> 5) & 15, packed & 31);
  json.put(QUOTE);
  return offset + 3;
};

/** DATETIME, as `YYYY-MM-DD HH:MM:SS` with as many decimals as the column has. */
export function datetimeWriter(decimals: number): ValueWriter {
  const fractionBytes = (decimals + 1) >> 1;
  return (row, offset, json) => {
    // A bit, 17 bits of years and months, 5 of days, 5 of hours, 6 of minutes, 6 of seconds.
    const high = row.readUInt32BE(offset);
    const low = row.readUInt8(offset + 4);
    const yearMonth = (high >>> 14) & 0x1ffff;
    const year = Math.floor(yearMonth / 13);
    json.reserve(LONGEST);
    json.put(QUOTE);
    putDate(json, year, yearMonth - year * 13, (high >>> 9) & 31);
    json.put(0x20);
    putClock(json, (high >>> 4) & 31, ((high & 15) << 2) | (low >> 6), low & 63);
    if (decimals > 0) putFraction(json, row.readUIntBE(offset + 5, fractionBytes), decimals);
    json.put(QUOTE);
    return offset + 5 + fractionBytes;
  };
}

/**
 * TIMESTAMP, as RFC 3339 in UTC with as many decimals as the column has. The zero timestamp is not
 * a point in time; it is written as MySQL shows it: `0000-00-00 00:00:00`.
 */
export function timestampWriter(decimals: number): ValueWriter {
  const fractionBytes = (decimals + 1) >> 1;
  return (row, offset, json) => {
    const seconds = row.readUInt32BE(offset);
    const fraction = decimals > 0 ? row.readUIntBE(offset + 4, fractionBytes) : 0;
    json.reserve(LONGEST);
    json.put(QUOTE);
    if (seconds === 0 && fraction === 0) {
      putDate(json, 0, 0, 0);
      json.put(0x20);
      putClock(json, 0, 0, 0);
      if (decimals > 0) putFraction(json, 0, decimals);
    } else {
      const days = Math.floor(seconds / SECONDS_PER_DAY);
      const second = seconds - days * SECONDS_PER_DAY;
      putDayOfEpoch(json, days);
      json.put(0x54);
      putClock(json, Math.floor(second / 3600), Math.floor((second % 3600) / 60), second % 60);
      if (decimals > 0) putFraction(json, fraction, decimals);
      json.put(0x5a);
    }
    json.put(QUOTE);
    return offset + 4 + fractionBytes;
  };
}

/**
 * TIME, as `[-]HH:MM:SS` with as many decimals as the column has; hours have two or three digits.
 */
export function timeWriter(decimals: number): ValueWriter {
  const fractionBytes = (decimals + 1) >> 1;
  const bytes = 3 + fractionBytes;
  const fractionUnit = 2 ** (8 * fractionBytes);
  // Clock and fraction are one number, offset so that it is never negative.
  const zero = 0x800000 * fractionUnit;
  return (row, offset, json) => {
    const packed = row.readUIntBE(offset, bytes) - zero;
    const size = Math.abs(packed);
    const clock = Math.floor(size / fractionUnit);
    json.reserve(LONGEST);
    json.put(QUOTE);
    if (packed < 0) json.put(DASH);
    putHours(json, (clock >> 12) & 0x3ff);
    json.put(COLON);
    json.putPair((clock >> 6) & 63);
    json.put(COLON);
    json.putPair(clock & 63);
    if (decimals > 0) putFraction(json, size - clock * fractionUnit, decimals);
    json.put(QUOTE);
    return offset + bytes;
  };
}

/** Puts an hour with at least two digits. */
export function putHours(json: JsonWriter, hours: number): void {
  json.putPadded(hours, hours > 99 ? 3 : 2);
}

/** Puts `YYYY-MM-DD`. */
export function putDate(json: JsonWriter, year: number, month: number, day: number): void {
  json.putPadded(year, 4);
  json.put(DASH);
  json.putPair(month);
  json.put(DASH);
  json.putPair(day);
}

/** Puts `HH:MM:SS`. */
export function putClock(json: JsonWriter, hour: number, minute: number, second: number): void {
  json.putPair(hour);
  json.put(COLON);
  json.putPair(minute);
  json.put(COLON);
  json.putPair(second);
}

/** Puts a fraction. An odd number of decimals is stored with one more digit. */
function putFraction(json: JsonWriter, stored: number, decimals: number): void {
  json.put(0x2e);
  json.putPadded(decimals % 2 === 0 ? stored : Math.floor(stored / 10), decimals);
}

/**
 * Puts the date of a day number since 1970-01-01, in the proleptic Gregorian calendar. It counts in
 * eras of 400 years that begin in March.
 */
function putDayOfEpoch(json: JsonWriter, day: number): void {
  const shifted = day + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  putDate(
    json,
    yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1,
  );
}
