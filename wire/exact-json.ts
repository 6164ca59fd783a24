import { randomUUID } from "node:crypto";
import { ExactDecimal, isKeptByNumber } from "./exact-decimal.ts";

/**
 * The value of a JSON text, as JSON.parse gives it, but with every integer that a number would round as a bigint, and every
 * decimal number that would lose digits as an ExactDecimal.
 *
 * Node 20 cannot see a number's digits from a reviver, so such numbers are put into marked strings before JSON.parse
 * and taken out of them afterwards. No data can contain the mark: it is drawn anew by each process and never leaves it.
 * A text without a run of 16 digits and points (the smallest number that rounds has as many) goes to JSON.parse as it is.
 * Throws SyntaxError.
 */
export function parseExactJson(text: string): unknown {
  if (!hasLongDigitRun(text)) return JSON.parse(text);
  const marked = markNumbers(text);
  const value: unknown = JSON.parse(marked);
  return marked === text ? value : unmark(value);
}

const MARK = randomUUID();
const LONG = 16;
const POINT = 46;
const QUOTE = 34;
const BACKSLASH = 92;

/** Looks at every 16th character only: a run of 16 digits and points cannot lie between two of them. */
function hasLongDigitRun(text: string): boolean {
  for (let probe = LONG - 1; probe < text.length; probe += LONG) {
    if (!isDigitOrPoint(text, probe)) continue;
    let start = probe;
    while (isDigitOrPoint(text, start - 1)) start--;
    let end = probe;
    while (isDigitOrPoint(text, end)) end++;
    if (end - start >= LONG) return true;
  }
  return false;
}

/** The text with every number that a JavaScript number would not keep written as a string of the mark and its digits. */
function markNumbers(text: string): string {
  let marked = "";
  let copied = 0;
  let at = 0;
  while (at < text.length) {
    if (text.charCodeAt(at) === QUOTE) {
      at = endOfString(text, at);
    } else if (isDigit(text, at)) {
      const start = text[at - 1] === "-" ? at - 1 : at;
      const end = endOfNumber(text, at);
      const literal = text.slice(start, end);
      if (end - at >= LONG && (isUnsafeInteger(literal) || isLongDecimal(literal))) {
        marked += `${text.slice(copied, start)}"${MARK}${literal}"`;
        copied = end;
      }
      at = end;
    } else {
      at++;
    }
  }
  return marked + text.slice(copied);
}

function unmark(value: unknown): unknown {
  if (typeof value === "string") {
    return value.startsWith(MARK) ? exactNumber(value.slice(MARK.length)) : value;
  }
  if (typeof value !== "object" || value === null) return value;
  // Every property is the object's own, `__proto__` included, so an assignment never reaches a setter.
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

function endOfDigits(text: string, start: number): number {
  let end = start;
  while (isDigit(text, end)) end++;
  return end;
}

/** Where a number ends that has digits at `start`, fraction and exponent included. */
function endOfNumber(text: string, start: number): number {
  let end = endOfDigits(text, start);
  if (text[end] === ".") end = endOfDigits(text, end + 1);
  if (text[end] === "e" || text[end] === "E") {
    end++;
    if (text[end] === "+" || text[end] === "-") end++;
    end = endOfDigits(text, end);
  }
  return end;
}

/** Just past the closing quote of the string that opens at `start`; the end of the text when nothing closes it. */
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
