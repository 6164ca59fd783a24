/** A number as the digits that are to stand in the JSON, for what a JavaScript number would round. */
export class NumberText {
  readonly digits: string;

  /** Throws RangeError for what is not a JSON number. */
  constructor(digits: string) {
    if (!/^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(digits)) {
      throw new RangeError("not a JSON number");
    }
    this.digits = digits;
  }
}

/** JSON.stringify for values with bigint and NumberText in them; every digit is kept. */
export function jsonText(value: unknown): string {
  if (typeof value === "bigint") return String(value);
  if (value instanceof NumberText) return value.digits;
  if (Array.isArray(value)) return `[${value.map(jsonText).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .map(([name, member]) => `${JSON.stringify(name)}:${jsonText(member)}`);
  return `{${members.join(",")}}`;
}
