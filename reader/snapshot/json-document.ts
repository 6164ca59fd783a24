import { CorruptEventError } from "../binlog-format/errors.ts";
import type { JsonWriter } from "../binlog-format/json-writer.ts";
import { writeDouble } from "../binlog-format/values/json.ts";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SPACE = 0x20;
const MINUS = 0x2d;
const POINT = 0x2e;

/**
 * Converts a JSON document as MySQL prints it to the form that `values/json.ts` writes for
 * documents in the binlog. MySQL prints a space after each comma and colon, and doubles in another
 * form; the escapes in strings are the same.
 */
export function writeDocument(text: Buffer, start: number, end: number, json: JsonWriter): void {
  json.reserve(end - start);
  for (let at = start; at < end;) {
    const byte = text[at] as number;
    if (byte === SPACE) at++;
    else if (byte === QUOTE) at = copyTo(text, at, endOfString(text, at, end), json);
    else if (byte === MINUS || isDigit(byte)) at = copyNumber(text, at, end, json);
    else at = copyTo(text, at, at + 1, json);
  }
}

function copyTo(text: Buffer, start: number, end: number, json: JsonWriter): number {
  json.reserve(end - start);
  text.copy(json.bytes, json.position, start, end);
  json.position += end - start;
  return end;
}

/** Copies a number. Only doubles are written in another form. */
function copyNumber(text: Buffer, start: number, end: number, json: JsonWriter): number {
  let at = start + 1;
  while (at < end && isPartOfNumber(text[at] as number)) at++;
  const digits = text.toString("latin1", start, at);
  if (isDouble(digits)) writeDouble(Number(digits), json);
  else json.ascii(digits);
  return at;
}

/**
 * Whether a number is a double, which must be rewritten. A number with an exponent is a double;
 * small doubles are printed without one. A DECIMAL below 0.000001 also counts as a double, unless
 * its last digit is zero.
 */
function isDouble(digits: string): boolean {
  if (/e/i.test(digits)) return true;
  if (!digits.includes(".000000")) return false;
  const double = String(Number(digits));
  return double.includes("e") && significant(digits) === significant(double);
}

/** The digits from the first nonzero one, without sign, point and exponent. */
function significant(number: string): string {
  return number.replace(/e.*$/, "").replaceAll(/[-.]/g, "").replace(/^0+/, "");
}

function endOfString(text: Buffer, start: number, end: number): number {
  for (let at = start + 1; at < end; at++) {
    const byte = text[at];
    if (byte === BACKSLASH) at++;
    else if (byte === QUOTE) return at + 1;
  }
  throw new CorruptEventError("a JSON document ends inside a string");
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

function isPartOfNumber(byte: number): boolean {
  return (
    isDigit(byte) || byte === POINT || byte === MINUS || byte === 0x2b || (byte | 0x20) === 0x65
  );
}
