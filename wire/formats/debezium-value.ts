import { pointOf } from "./geometry.ts";
import { jsonText } from "./json-text.ts";
import { isGeometry, typeName } from "./typed-change.ts";

/**
 * A value as Debezium's MySQL connector writes it by default (decimal.handling.mode=precise,
 * binary.handling.mode=bytes, time.precision.mode=adaptive_time_microseconds,
 * bigint.unsigned.handling.mode=long, enable.time.adjuster=true: years 0 to 69 mean 2000 to 2069,
 * and 70 to 99 mean 1970 to 1999). A date that does not exist, like `0000-00-00`, becomes null, or
 * the beginning of 1970 in a NOT NULL column.
 * https://debezium.io/documentation/reference/2.7/connectors/mysql.html#mysql-data-types
 */
export function debeziumValue(value: unknown, columnType: string, nullable: boolean): unknown {
  const converted = convertValue(value, columnType);
  return converted === null && !nullable ? (EPOCH[typeName(columnType)] ?? null) : converted;
}

const EPOCH: Readonly<Record<string, unknown>> = {
  date: 0,
  datetime: 0,
  timestamp: "1970-01-01T00:00:00Z",
};

function convertValue(value: unknown, columnType: string): unknown {
  if (isGeometry(columnType)) return geometry(String(value), columnType);
  switch (typeName(columnType)) {
    case "decimal":
      return twosComplement(BigInt(String(value).replace(".", ""))).toString("base64");
    case "bit":
      return bits(BigInt(value as number | bigint), columnType);
    case "bigint":
      return typeof value === "bigint" ? BigInt.asIntN(64, value) : value;
    case "set":
      return Array.isArray(value) ? value.join(",") : value;
    case "json":
      return jsonText(value);
    case "year":
      return fullYear(Number(value));
    case "date":
      return ifDate(microseconds(`${String(value)} 00:00:00`), (at) => at / MICROSECONDS_A_DAY);
    case "datetime":
      return ifDate(microseconds(String(value)), (at) =>
        decimals(columnType) > 3 ? at : at / 1000n,
      );
    case "time":
      return timeOfDay(String(value));
    case "timestamp":
      return String(value).startsWith("0000") ? null : value;
    default:
      return value;
  }
}

/** `srid` is null because it is not known here. A POINT column also has `x` and `y`. */
function geometry(wkb: string, columnType: string): object | null {
  // ALTER TABLE fills an added NOT NULL geometry column with empty values.
  if (wkb === "") return null;
  const point = typeName(columnType) === "point" ? pointOf(Buffer.from(wkb, "base64")) : {};
  return { ...point, wkb, srid: null };
}

/** The full year that Debezium reads from a year of two digits. */
function fullYear(year: number): number {
  if (year > 99) return year;
  return year < 70 ? 2000 + year : 1900 + year;
}

const MICROSECONDS_A_DAY = 86_400_000_000n;

function ifDate(at: bigint | null, convert: (at: bigint) => bigint): bigint | null {
  return at === null ? null : convert(at);
}

/**
 * Microseconds since 1970 of `YYYY-MM-DD HH:MM:SS[.ffffff]`, read as UTC; null for a date that does
 * not exist.
 */
function microseconds(text: string): bigint | null {
  const [written = "", fraction = ""] = text.split(".");
  const seconds = written.replace(/^\d{4}/, (year) =>
    String(fullYear(Number(year))).padStart(4, "0"),
  );
  const iso = `${seconds.replace(" ", "T")}Z`;
  const ms = Date.parse(iso);
  // Date.parse reads 30 February as a day in March.
  if (Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 19) !== iso.slice(0, 19)) return null;
  return BigInt(ms) * 1000n + BigInt(fraction.padEnd(6, "0"));
}

/** The microseconds in `[-]HH:MM:SS[.ffffff]`. */
function timeOfDay(text: string): bigint {
  const negative = text.startsWith("-");
  const [clock = "", fraction = ""] = text.replace("-", "").split(".");
  const [hours = "0", minutes = "0", seconds = "0"] = clock.split(":");
  const whole = (BigInt(hours) * 60n + BigInt(minutes)) * 60n + BigInt(seconds);
  const total = whole * 1_000_000n + BigInt(fraction.padEnd(6, "0"));
  return negative ? -total : total;
}

/** The number in parentheses: 6 for `datetime(6)`. */
function decimals(columnType: string): number {
  return Number(/\((\d+)\)/.exec(columnType)?.[1] ?? 0);
}

/** BIT(1) becomes a boolean; a longer BIT becomes the base64 of its bytes, lowest first. */
function bits(value: bigint, columnType: string): boolean | string {
  const width = decimals(columnType) || 1;
  if (width === 1) return value === 1n;
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes.subarray(0, Math.ceil(width / 8)).toString("base64");
}

/**
 * The shortest two's complement, highest byte first, as java.math.BigInteger.toByteArray() returns
 * it.
 */
function twosComplement(value: bigint): Buffer {
  let bytes = 1;
  while (BigInt.asIntN(bytes * 8, value) !== value) bytes++;
  const hex = BigInt.asUintN(bytes * 8, value)
    .toString(16)
    .padStart(bytes * 2, "0");
  return Buffer.from(hex, "hex");
}
