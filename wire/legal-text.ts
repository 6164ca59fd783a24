/**
 * SQS refuses U+FFFE and U+FFFF. In JSON they occur only inside strings, where they are written as
 * escapes.
 */
export function legalText(json: string): string {
  if (!json.includes("\uFFFE") && !json.includes("\uFFFF")) return json;
  return json.replace(/[\uFFFE\uFFFF]/g, (character) =>
    character === "\uFFFE" ? "\\ufffe" : "\\uffff",
  );
}
