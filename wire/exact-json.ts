import { randomBytes } from "node:crypto";
import { ExactDecimal, isKeptByNumber } from "./exact-decimal.ts";

/**
 * Parses JSON as JSON.parse does, but returns an integer that a JavaScript number would round as a
 * bigint, and a decimal number that would lose digits as an ExactDecimal.
 *
 * In Node 20 a reviver cannot see a number's digits. So such numbers are turned into marked strings
 * before JSON.parse and back into numbers after it. Data cannot contain the mark: each process
 * draws a random one and never shows it. Only numbers with a run of at least 16 digits and points
 * are examined, because a JavaScript number keeps every shorter one. A text without such a run goes
 * to JSON.parse unchanged. Throws SyntaxError.
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
const NINE = 57;
const QUOTE = '"';
const BACKSLASH = 92;
/** Characters that may precede a number. */
const MAY_PRECEDE_NUMBER = ":,[ \n\r\t";
/** How far back a number's beginning is looked for, before a run counts as part of a number. */
const LOOK_BACK = 64;

/**
 * The start of the next run of at least 16 digits and points that may belong to a number, or -1.
 * Only every 16th character is tested, because a run of 16 contains one of them. Where the
 * characters before the run cannot begin a number, it is inside a string. The positions in every
 * message are skipped this way, and digits in hexadecimal texts.
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
    if (end - start >= LONG && !isKept(text, start, end) && mayBeInNumber(text, start)) {
      return start;
    }
    // The characters before `end` need no second look.
    if (end > probe + LONG) probe = end - LONG;
  }
  return -1;
}

/**
 * Whether a run is all of a number of 16 digits below 9 * 10^15, or of 15 digits and a point. A
 * JavaScript number keeps them, and in a string they mean no number. Microseconds since 1970 are
 * such a number.
 */
function isKept(text: string, start: number, end: number): boolean {
  return (
    end - start === LONG &&
    text.charCodeAt(start) < NINE &&
    MAY_PRECEDE_NUMBER.includes(text.charAt(start - 1)) &&
    !NUMBER.includes(text.charAt(end))
  );
}

/** Whether the characters before a run of digits and points can be the beginning of a number. */
function mayBeInNumber(text: string, run: number): boolean {
  const least = Math.max(0, run - LOOK_BACK);
  let start = run;
  while (start > least && NUMBER.includes(text.charAt(start - 1))) start--;
  return start === least || MAY_PRECEDE_NUMBER.includes(text.charAt(start - 1));
}

/**
 * Replaces every number that a JavaScript number would not keep by a string: the mark and the
 * digits.
 */
function markNumbers(text: string, firstRun: number): string {
  let marked = "";
  let copied = 0;
  /** A place in `text` outside of any string. */
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
 * Skips the strings that begin before `place`, starting at `outside`, a place outside of any
 * string. A result beyond `place` means that `place` is inside a string.
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
  // JSON.parse makes every property, even `__proto__`, the object's own, so this assignment never
  // calls a setter.
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

/** Accepts valid JSON numbers only; JSON.parse refuses the others. */
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

/** The start of the number that contains the digits at `run`, which lie outside of strings. */
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

/** The characters of numbers. JSON.parse refuses combinations that are not a number. */
const NUMBER = "0123456789.-+eE";

/**
 * The place after the closing quote of the string that opens at `start`; the end of the text when
 * the string is not closed.
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
