import { randomBytes } from "node:crypto";
import { ExactDecimal, isKeptByNumber } from "./exact-decimal.ts";
import {
  endOfDigitsAndPoints,
  endOfNumber,
  endOfStringsBefore,
  isBehindKey,
  nextLongRun,
  startOfNumber,
} from "./long-numbers.ts";

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
const MARK_START = MARK.charCodeAt(0);
/** Accepts valid JSON integers only, without zero. */
const INTEGER = /^-?[1-9]\d*$/;
/** The most characters of an integer that a JavaScript number keeps, with a minus sign. */
const LONGEST_SAFE = 17;

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
    if (!isBehindKey(text, run)) outside = endOfStringsBefore(text, outside, run);
    let end = endOfDigitsAndPoints(text, run);
    if (outside <= run) {
      const start = startOfNumber(text, run);
      end = endOfNumber(text, start);
      const literal = text.slice(start, end);
      if (isUnsafeInteger(literal) || isLongDecimal(literal)) {
        marked += `${text.slice(copied, start)}"${MARK}${literal}"`;
        copied = end;
      }
      outside = end;
    }
    run = nextLongRun(text, Math.max(end, outside));
  }
  return marked + text.slice(copied);
}

/** Puts the numbers back in place of the marked strings, in the value itself. */
function unmark(value: unknown): unknown {
  if (typeof value === "string") return isMarked(value) ? exactNumber(value) : value;
  if (Array.isArray(value)) {
    const items: unknown[] = value;
    for (let at = 0; at < items.length; at++) {
      const inner = items[at];
      const plain = unmark(inner);
      if (plain !== inner) items[at] = plain;
    }
  } else if (typeof value === "object" && value !== null) {
    unmarkMembers(value as Record<string, unknown>);
  }
  return value;
}

/**
 * Object.keys would make an array for every object. JSON.parse makes every property, even
 * `__proto__`, the object's own, so the assignment never calls a setter.
 */
function unmarkMembers(object: Record<string, unknown>): void {
  for (const key in object) {
    const inner = object[key];
    if (typeof inner === "string") {
      if (isMarked(inner)) object[key] = exactNumber(inner);
    } else if (typeof inner === "object" && inner !== null && Object.hasOwn(object, key)) {
      unmark(inner);
    }
  }
}

function isMarked(text: string): boolean {
  return text.length > MARK.length && text.charCodeAt(0) === MARK_START && text.startsWith(MARK);
}

function exactNumber(marked: string): bigint | ExactDecimal {
  const digits = marked.slice(MARK.length);
  return INTEGER.test(digits) ? BigInt(digits) : new ExactDecimal(digits);
}

/** Accepts valid JSON numbers only; JSON.parse refuses the others. */
function isLongDecimal(literal: string): boolean {
  return (
    /^-?(?:0|[1-9]\d*)(?:\.\d+|(?=[eE]))(?:[eE][+-]?\d+)?$/.test(literal) &&
    !isKeptByNumber(literal)
  );
}

/** Whether a text is a JSON integer that a JavaScript number would round. */
export function isUnsafeInteger(literal: string): boolean {
  return (
    INTEGER.test(literal) &&
    (literal.length > LONGEST_SAFE || !Number.isSafeInteger(Number(literal)))
  );
}
