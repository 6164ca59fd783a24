/** SQS refuses U+FFFE and U+FFFF, which MySQL stores; in JSON they can only stand inside a string, where an escape means the same. */
export function legalText(json: string): string {
  return json.replace(/[\uFFFE\uFFFF]/g, (character) =>
    character === "\uFFFE" ? "\\ufffe" : "\\uffff",
  );
}
