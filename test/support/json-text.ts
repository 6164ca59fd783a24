/**
 * The members of a JSON object as unparsed texts, so that a test sees every digit. Throws
 * SyntaxError when the text is not valid JSON.
 */
export function jsonMembers(text: string): Map<string, string> {
  JSON.parse(text);
  const members = new Map<string, string>();
  const tokens = jsonTokens(text);
  let depth = 0;
  let name = "";
  let value = "";
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i] ?? "";
    if (depth === 1 && (token === "," || token === "}") && name !== "") {
      members.set(name, value);
      name = "";
      value = "";
      if (token === "}") depth--;
      continue;
    }
    if (token === "{" || token === "[") depth++;
    if (token === "}" || token === "]") depth--;
    if (depth === 1 && name === "" && token.startsWith('"')) {
      name = JSON.parse(token) as string;
      i++; // the colon
    } else if (name !== "") value += token;
  }
  return members;
}

/** The tokens of a JSON text, without white space. */
function jsonTokens(text: string): string[] {
  return text.match(/"(?:[^"\\]|\\.)*"|[[\]{},:]|[^\s[\]{},:"]+/gsu) ?? [];
}

/**
 * Whether two JSON texts are equal: integers digit for digit, doubles by value, members in the same
 * order.
 */
export function sameJson(left: string, right: string): boolean {
  const a = jsonTokens(left);
  const b = jsonTokens(right);
  return a.length === b.length && a.every((token, i) => sameToken(token, b[i] ?? ""));
}

function sameToken(left: string, right: string): boolean {
  if (left === right) return true;
  if (left.startsWith('"')) return JSON.parse(left) === JSON.parse(right);
  const isDouble = /[.e]/i;
  return isDouble.test(left) && isDouble.test(right) && Object.is(Number(left), Number(right));
}
