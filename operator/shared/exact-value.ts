/**
 * JSON.parse whose numbers keep their digits when JSON.stringify writes them again. "" is null.
 * Throws SyntaxError.
 */
export function exactValue(text: string): unknown {
  return text === ""
    ? null
    : JSON.parse(text, asWritten as (key: string, value: unknown) => unknown);
}

/** `source` and `rawJSON` are ECMAScript 2026, which TypeScript's types do not know. */
function asWritten(
  _key: string,
  value: unknown,
  { source }: { readonly source?: string },
): unknown {
  if (typeof value !== "number" || source === undefined || String(value) === source) return value;
  return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(source);
}
