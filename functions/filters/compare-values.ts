import type { Literal } from "../../config/condition/condition.ts";

/** A value of a row image, classified by its JSON type. */
export type RowValue =
  | { readonly kind: "number"; readonly digits: string }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "null" };

/**
 * Parses a value of a row image. The members of a SET become a text with commas, as in MySQL. Other
 * lists and objects become their JSON text.
 */
export function rowValue(json: string): RowValue {
  if (json === "null") return { kind: "null" };
  if (json.startsWith('"')) return { kind: "text", text: JSON.parse(json) as string };
  if (json === "true" || json === "false") return { kind: "text", text: json };
  if (json.startsWith("[")) {
    const list = JSON.parse(json) as unknown[];
    const isSet = list.every((item) => typeof item === "string");
    return { kind: "text", text: isSet ? list.join(",") : json };
  }
  return json.startsWith("{") ? { kind: "text", text: json } : { kind: "number", digits: json };
}

/**
 * Compares a value with a literal: negative, 0 or positive; null when one of them is NULL. Numbers
 * compare exactly, texts by code points, dates and times by time. If only one of the two is a
 * number, both compare as numbers, as in MySQL.
 */
export function compareValues(value: RowValue, literal: Literal): number | null {
  if (value.kind === "null" || literal.kind === "null") return null;
  if (literal.kind === "bytes") {
    const bytes = Buffer.from(value.kind === "text" ? value.text : value.digits, "base64");
    return Buffer.compare(bytes, Buffer.from(literal.hex, "hex"));
  }
  if (value.kind === "number" || literal.kind === "number") {
    const [left, right] = [digitsOf(value), digitsOf(literal)];
    return value.kind === "number" && DOUBLE.test(left)
      ? Math.sign(Number(left) - Number(right))
      : compareNumbers(left, right);
  }
  const [left, right] = [momentOf(value.text), momentOf(literal.text)];
  if (left !== null && right !== null && left.kind === right.kind) {
    return left.order < right.order ? -1 : left.order > right.order ? 1 : 0;
  }
  return compareText(value.text, literal.text);
}

/**
 * Matches numbers that only FLOAT and DOUBLE columns have, because a DECIMAL is a text. MySQL
 * compares them as DOUBLE.
 */
const DOUBLE = /[.eE]/;

type Given = Exclude<RowValue | Literal, { kind: "null" | "bytes" }>;

function digitsOf(given: Given): string {
  return given.kind === "number" ? given.digits : leadingNumber(given.text);
}

/** The number to which MySQL converts a text: the number that the text begins with, otherwise 0. */
function leadingNumber(text: string): string {
  const [, number] = /^\s*([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)/.exec(text) ?? [];
  return number ?? "0";
}

/**
 * Larger exponents than those of a DOUBLE do not occur in practice. Beyond this limit, the
 * comparison uses floating-point numbers, because an exact number would need too many digits.
 */
const LARGEST_EXPONENT = 400;

function compareNumbers(left: string, right: string): number {
  const [a, b] = [decimalOf(left), decimalOf(right)];
  if (a === null || b === null) return Math.sign(Number(left) - Number(right));
  const scale = Math.min(a.exponent, b.exponent);
  const x = a.digits * 10n ** BigInt(a.exponent - scale);
  const y = b.digits * 10n ** BigInt(b.exponent - scale);
  return x < y ? -1 : x > y ? 1 : 0;
}

function decimalOf(text: string): { readonly digits: bigint; readonly exponent: number } | null {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text);
  if (match === null) return null;
  const [, sign, whole = "", fraction = "", power = "0"] = match;
  const exponent = Number(power) - fraction.length;
  if (Math.abs(exponent) > LARGEST_EXPONENT) return null;
  const digits = BigInt(whole + fraction);
  return { digits: sign === "-" ? -digits : digits, exponent };
}

/**
 * Compares by code points, as the collation utf8mb4_0900_bin does. JavaScript's operators compare
 * UTF-16 units.
 */
function compareText(left: string, right: string): number {
  if (left === right) return 0;
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}

export interface Moment {
  readonly kind: "date" | "time";
  /** A number with the order of the moments of this kind. */
  readonly order: bigint;
}

const DATE = /^(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?Z?)?$/;
const TIME = /^(-?)(\d{2,3}):(\d\d):(\d\d)(?:\.(\d{1,6}))?$/;

/**
 * Parses a text in the format of a DATE, DATETIME or TIMESTAMP (in UTC), or of a TIME; null for
 * other texts.
 */
export function momentOf(text: string): Moment | null {
  const date = DATE.exec(text);
  if (date !== null) {
    const [, year, month, day, hour = "00", minute = "00", second = "00", fraction = ""] = date;
    return {
      kind: "date",
      order: BigInt(`${year}${month}${day}${hour}${minute}${second}${fraction.padEnd(6, "0")}`),
    };
  }
  const time = TIME.exec(text);
  if (time === null) return null;
  const [, sign, hours, minute, second, fraction = ""] = time;
  const order = BigInt(`${hours}${minute}${second}${fraction.padEnd(6, "0")}`);
  return { kind: "time", order: sign === "-" ? -order : order };
}
