/**
 * Parses JSON such that JSON.stringify writes its numbers with the same digits again. Returns null
 * for "". Throws SyntaxError.
 */
export function exactValue(text: string): unknown {
  return text === ""
    ? null
    : JSON.parse(text, asWritten as (key: string, value: unknown) => unknown);
}

/** `source` and `rawJSON` belong to ECMAScript 2026 and are missing from TypeScript's types. */
function asWritten(
  _key: string,
  value: unknown,
  { source }: { readonly source?: string },
): unknown {
  if (typeof value !== "number" || source === undefined || String(value) === source) return value;
  return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(source);
}
