import { randomUUID } from "node:crypto";

/**
 * The value of a JSON text, as JSON.parse gives it, but with every integer that a number would round as a bigint.
 *
 * Node 20 cannot see a number's digits from a reviver, so such integers are put into marked strings before JSON.parse
 * and taken out of them afterwards. No data can contain the mark: it is drawn anew by each process and never leaves it.
 * A text without a run of 16 digits (the smallest integer that rounds has as many) goes to JSON.parse as it is.
 * Throws SyntaxError.
 */
export function parseExactJson(text: string): unknown {
  if (!hasLongDigitRun(text)) return JSON.parse(text);
  const marked = markIntegers(text);
  const value: unknown = JSON.parse(marked);
  return marked === text ? value : unmark(value);
}

const MARK = randomUUID();
const LONG = 16;
const QUOTE = 34;
const BACKSLASH = 92;

/** Looks at every 16th character only: a run of 16 digits cannot lie between two of them. */
function hasLongDigitRun(text: string): boolean {
  for (let probe = LONG - 1; probe < text.length; probe += LONG) {
    if (!isDigit(text, probe)) continue;
    let start = probe;
    while (isDigit(text, start - 1)) start--;
    if (endOfDigits(text, probe) - start >= LONG) return true;
  }
  return false;
}

/** The text with every integer outside the safe range written as a string of the mark and its digits. */
function markIntegers(text: string): string {
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
      if (end - at >= LONG && isUnsafeInteger(literal)) {
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
    return value.startsWith(MARK) ? BigInt(value.slice(MARK.length)) : value;
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

function isUnsafeInteger(literal: string): boolean {
  return /^-?[1-9]\d*$/.test(literal) && !Number.isSafeInteger(Number(literal));
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 48 && code <= 57;
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
