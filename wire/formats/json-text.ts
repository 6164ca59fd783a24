/** A number as its JSON digits, for numbers that a JavaScript number would round. */
export class NumberText {
  readonly digits: string;

  /** Throws RangeError when `digits` is not a JSON number. */
  constructor(digits: string) {
    if (!/^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(digits)) {
      throw new RangeError("not a JSON number");
    }
    this.digits = digits;
  }
}

/** JSON.stringify for values that contain bigint and NumberText; keeps every digit. */
export function jsonText(value: unknown): string {
  return write(value, "");
}

/** `jsonText` with a space after commas and colons, as MySQL prints JSON. */
export function spacedJsonText(value: unknown): string {
  return write(value, " ");
}

function write(value: unknown, space: string): string {
  const inner = (member: unknown): string => write(member, space);
  if (typeof value === "bigint") return String(value);
  if (value instanceof NumberText) return value.digits;
  if (Array.isArray(value)) return `[${value.map(inner).join(`,${space}`)}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .map(([name, member]) => `${JSON.stringify(name)}:${space}${inner(member)}`);
  return `{${members.join(`,${space}`)}}`;
}

/**
 * JSON.parse that keeps every digit. A number whose text a JavaScript number would not reproduce
 * becomes a bigint if it is an integer, else a NumberText. Throws SyntaxError.
 */
export function parseJsonExactly(text: string): unknown {
  return JSON.parse(text, exactNumber as (key: string, value: unknown) => unknown);
}

/**
 * `source` is the JSON text of a primitive value (ECMAScript 2026; missing in TypeScript's types).
 */
function exactNumber(
  _key: string,
  value: unknown,
  { source }: { readonly source?: string },
): unknown {
  if (typeof value !== "number" || source === undefined || String(value) === source) return value;
  return /^-?[1-9]\d*$/.test(source) ? BigInt(source) : new NumberText(source);
}
