/** Escapes U+FFFE and U+FFFF, which SQS refuses. In JSON they occur only inside strings. */
export function legalText(json: string): string {
  if (!json.includes("\uFFFE") && !json.includes("\uFFFF")) return json;
  return json.replace(/[\uFFFE\uFFFF]/g, (character) =>
    character === "\uFFFE" ? "\\ufffe" : "\\uffff",
  );
}
