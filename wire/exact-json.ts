import { randomBytes } from "node:crypto";
import { ExactDecimal, isKeptByNumber } from "./exact-decimal.ts";

/**
 * The value of a JSON text, as JSON.parse gives it, but with every integer that a number would
 * round as a bigint, and every decimal number that would lose digits as an ExactDecimal.
 *
 * Node 20 cannot see a number's digits from a reviver, so such numbers are put into marked strings
 * before JSON.parse and taken out of them afterwards. No data can contain the mark: it is drawn
 * anew by each process and never leaves it. Only numbers with a run of 16 digits and points are
 * looked at: the smallest number that rounds has as many. A text without such a number goes to
 * JSON.parse as it is. Throws SyntaxError.
 */
export function parseExactJson(text: string): unknown {
  const first = nextLongRun(text, 0);
  if (first === -1) return JSON.parse(text);
  const marked = markNumbers(text, first);
  const value: unknown = JSON.parse(marked);
  return marked === text ? value : unmark(value);
}

const MARK = randomBytes(12).toString("base64url");
const LONG = 16;
const POINT = 46;
const QUOTE = '"';
const BACKSLASH = 92;
/** What may stand before the digits of a number, or before those of its exponent. */
const MAY_PRECEDE_DIGITS = ":,[ \n\r\t-+eE";

/**
 * Where the next run of 16 digits and points begins that may belong to a number, or -1. Looks at
 * every 16th character only: such a run cannot lie between two of them. A run that follows a
 * character which no number can follow, a quote for instance, is in a string: so are the positions
 * of every message.
 *
 * @param from no run begins before it and ends behind it
 */
function nextLongRun(text: string, from: number): number {
  for (let probe = from + LONG - 1; probe < text.length; probe += LONG) {
    if (!isDigitOrPoint(text, probe)) continue;
    let start = probe;
    while (isDigitOrPoint(text, start - 1)) start--;
    let end = probe + 1;
    while (isDigitOrPoint(text, end)) end++;
    const isLong = end - start >= LONG;
    if (isLong && (start === 0 || MAY_PRECEDE_DIGITS.includes(text.charAt(start - 1))))
      return start;
    // The characters up to `end` are known.
    if (end > probe + LONG) probe = end - LONG;
  }
  return -1;
}

/**
 * The text with every number that a JavaScript number would not keep written as a string of the
 * mark and its digits.
 */
function markNumbers(text: string, firstRun: number): string {
  let marked = "";
  let copied = 0;
  /** Outside of any string. */
  let outside = 0;
  let run = firstRun;
  while (run !== -1) {
    outside = endOfStringsBefore(text, outside, run);
    let end = endOfDigitsAndPoints(text, run);
    if (outside <= run) {
      const start = startOfNumber(text, run);
      end = endOfNumber(text, start);
      const literal = text.slice(start, end);
      if (isUnsafeInteger(literal) || isLongDecimal(literal)) {
        marked += `${text.slice(copied, start)}"${MARK}${literal}"`;
        copied = end;
      }
    }
    run = nextLongRun(text, Math.max(end, outside));
  }
  return marked + text.slice(copied);
}

/**
 * Passes over the strings that begin before `place`, from a place outside of any. Beyond `place`:
 * it is in the last of them.
 */
function endOfStringsBefore(text: string, outside: number, place: number): number {
  let at = outside;
  for (;;) {
    const quote = text.indexOf(QUOTE, at);
    if (quote === -1 || quote >= place) return at;
    at = endOfString(text, quote);
    if (at > place) return at;
  }
}

function unmark(value: unknown): unknown {
  if (typeof value === "string") {
    return value.startsWith(MARK) ? exactNumber(value.slice(MARK.length)) : value;
  }
  if (typeof value !== "object" || value === null) return value;
  // Every property is the object's own, `__proto__` included, so an assignment never reaches a
  // setter.
  const container = value as Record<string, unknown>;
  for (const key of Object.keys(container)) {
    const inner = container[key];
    const plain = unmark(inner);
    if (plain !== inner) container[key] = plain;
  }
  return container;
}

function exactNumber(digits: string): bigint | ExactDecimal {
  return /^-?\d+$/.test(digits) ? BigInt(digits) : new ExactDecimal(digits);
}

/** Only what is a JSON number: JSON.parse is to refuse the rest itself. */
function isLongDecimal(literal: string): boolean {
  return (
    /^-?(?:0|[1-9]\d*)(?:\.\d+|(?=[eE]))(?:[eE][+-]?\d+)?$/.test(literal) &&
    !isKeptByNumber(literal)
  );
}

function isUnsafeInteger(literal: string): boolean {
  return /^-?[1-9]\d*$/.test(literal) && !Number.isSafeInteger(Number(literal));
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 48 && code <= 57;
}

function isDigitOrPoint(text: string, at: number): boolean {
  return isDigit(text, at) || text.charCodeAt(at) === POINT;
}

function endOfDigitsAndPoints(text: string, start: number): number {
  let end = start;
  while (isDigitOrPoint(text, end)) end++;
  return end;
}

/** Where the number begins that a run of digits belongs to, outside of strings. */
function startOfNumber(text: string, run: number): number {
  let start = run;
  while (start > 0 && NUMBER.includes(text.charAt(start - 1))) start--;
  return start;
}

function endOfNumber(text: string, start: number): number {
  let end = start;
  while (end < text.length && NUMBER.includes(text.charAt(end))) end++;
  return end;
}

/** What numbers are made of. JSON.parse refuses what is none. */
const NUMBER = "0123456789.-+eE";

/**
 * Just past the closing quote of the string that opens at `start`; the end of the text when nothing
 * closes it.
 */
function endOfString(text: string, start: number): number {
  let quote = start;
  for (;;) {
    quote = text.indexOf('"', quote + 1);
    if (quote === -1) return text.length;
    let backslashes = 0;
    while (text.charCodeAt(quote - 1 - backslashes) === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return quote + 1;
  }
}
