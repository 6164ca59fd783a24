import { bigEndianAt } from "./bytes";
import { putPadded, putPair } from "./digits";

// Dates and times as JSON strings; the formats are described in
// reader/binlog-format/values/temporal.ts.

const QUOTE = 0x22;
const COLON = 0x3a;
const DASH = 0x2d;
const SECONDS_PER_DAY = 86_400;

export function putDateValue(from: usize, out: usize): usize {
  const packed: u32 = load<u16>(from) | (load<u8>(from, 2) << 16);
  store<u8>(out, QUOTE);
  return quoted(putDate(packed >> 9, (packed >> 5) & 15, packed & 31, out + 1));
}

export function putDatetime(from: usize, decimals: i32, out: usize): usize {
  const high = bswap<u32>(load<u32>(from));
  const low: u32 = load<u8>(from, 4);
  const yearMonth = (high >> 14) & 0x1ffff;
  const year = yearMonth / 13;
  store<u8>(out, QUOTE);
  let to = putDate(year, yearMonth - year * 13, (high >> 9) & 31, out + 1);
  store<u8>(to, 0x20);
  to = putClock((high >> 4) & 31, ((high & 15) << 2) | (low >> 6), low & 63, to + 1);
  return quoted(putFraction(fractionAt(from + 5, decimals), decimals, to));
}

export function putTimestamp(from: usize, decimals: i32, out: usize): usize {
  const seconds = bswap<u32>(load<u32>(from));
  const fraction = fractionAt(from + 4, decimals);
  store<u8>(out, QUOTE);
  let to = out + 1;
  if (seconds === 0 && fraction === 0) {
    to = putDate(0, 0, 0, to);
    store<u8>(to, 0x20);
    return quoted(putFraction(0, decimals, putClock(0, 0, 0, to + 1)));
  }
  const days = seconds / SECONDS_PER_DAY;
  const second = seconds - days * SECONDS_PER_DAY;
  to = putDayOfEpoch(days, to);
  store<u8>(to, 0x54);
  to = putClock(second / 3600, (second % 3600) / 60, second % 60, to + 1);
  to = putFraction(fraction, decimals, to);
  store<u8>(to, 0x5a);
  return quoted(to + 1);
}

export function putTime(from: usize, decimals: i32, out: usize): usize {
  const fractionBytes = (decimals + 1) >> 1;
  const fractionBits: i64 = 8 * fractionBytes;
  const packed = <i64>bigEndianAt(from, 3 + fractionBytes) - ((<i64>0x800000) << fractionBits);
  const size = packed < 0 ? 0 - packed : packed;
  const clock = <u32>(size >> fractionBits);
  let to = out;
  store<u8>(to++, QUOTE);
  if (packed < 0) store<u8>(to++, DASH);
  const hours = (clock >> 12) & 0x3ff;
  to = putPadded(hours, hours > 99 ? 3 : 2, to);
  store<u8>(to, COLON);
  to = putPair((clock >> 6) & 63, to + 1);
  store<u8>(to, COLON);
  to = putPair(clock & 63, to + 1);
  const fraction = <u32>(size - ((<i64>clock) << fractionBits));
  return quoted(putFraction(fraction, decimals, to));
}

function quoted(out: usize): usize {
  store<u8>(out, QUOTE);
  return out + 1;
}

function putDate(year: u32, month: u32, day: u32, out: usize): usize {
  let to = putPadded(year, 4, out);
  store<u8>(to, DASH);
  to = putPair(month, to + 1);
  store<u8>(to, DASH);
  return putPair(day, to + 1);
}

function putClock(hour: u32, minute: u32, second: u32, out: usize): usize {
  let to = putPair(hour, out);
  store<u8>(to, COLON);
  to = putPair(minute, to + 1);
  store<u8>(to, COLON);
  return putPair(second, to + 1);
}

function fractionAt(at: usize, decimals: i32): u32 {
  return <u32>bigEndianAt(at, (decimals + 1) >> 1);
}

/** An odd number of decimals is stored with one more digit. */
function putFraction(stored: u32, decimals: i32, out: usize): usize {
  if (decimals === 0) return out;
  store<u8>(out, 0x2e);
  return putPadded(decimals % 2 === 0 ? stored : stored / 10, decimals, out + 1);
}

/** The date of a day number since 1970-01-01, in eras of 400 years that begin in March. */
function putDayOfEpoch(day: u32, out: usize): usize {
  const shifted = day + 719_468;
  const era = shifted / 146_097;
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365;
  const dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
  const monthFromMarch = (5 * dayOfYear + 2) / 153;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  return putDate(
    yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    dayOfYear - (153 * monthFromMarch + 2) / 5 + 1,
    out,
  );
}
