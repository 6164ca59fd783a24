/** A member of a JSON object. `value` is its JSON text. */
export interface JsonMember {
  readonly name: string;
  readonly value: string;
}

const SPACE = 32;
const QUOTE = 34;
const COMMA = 44;
const OPEN_BRACKET = 91;
const BACKSLASH = 92;
const CLOSE_BRACKET = 93;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;

/**
 * Splits a JSON object into its members, in order. Values are not parsed, so that `jsonObject`
 * writes numbers with the same digits. Throws SyntaxError when the text is not an object.
 */
export function jsonMembers(text: string): JsonMember[] {
  const members: JsonMember[] = [];
  let at = skipSpace(text, 0);
  if (text[at] !== "{") throw new SyntaxError("the text is not a JSON object");
  at = skipSpace(text, at + 1);
  if (text[at] === "}") return members;
  for (;;) {
    if (text[at] !== '"') throw new SyntaxError("a JSON object's member has no name");
    const nameEnd = endOfString(text, at);
    const name = nameOf(text.slice(at, nameEnd));
    at = skipSpace(text, nameEnd);
    if (text[at] !== ":") throw new SyntaxError("a JSON object's member has no value");
    const start = skipSpace(text, at + 1);
    at = endOfValue(text, start);
    members.push({ name, value: text.slice(start, at).trimEnd() });
    if (text[at] === "}") return members;
    at = skipSpace(text, at + 1);
  }
}

/** Writes a JSON object with these members. */
export function jsonObject(members: readonly JsonMember[]): string {
  return `{${members.map(({ name, value }) => `${JSON.stringify(name)}:${value}`).join(",")}}`;
}

function skipSpace(text: string, start: number): number {
  let at = start;
  while (text.charCodeAt(at) <= SPACE) at++;
  return at;
}

/** The index of the comma or brace after the value that begins at `start`. */
function endOfValue(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case QUOTE:
        at = endOfString(text, at) - 1;
        break;
      case OPEN_BRACE:
      case OPEN_BRACKET:
        depth++;
        break;
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        if (depth-- === 0) return at;
        break;
      case COMMA:
        if (depth === 0) return at;
        break;
      default:
    }
  }
  throw new SyntaxError("a JSON object is not closed");
}

/** Parses a member's name, given with its quotes. */
function nameOf(quoted: string): string {
  return quoted.includes("\\") ? (JSON.parse(quoted) as string) : quoted.slice(1, -1);
}

/** The index after the closing quote of the string that begins at `start`. */
function endOfString(text: string, start: number): number {
  for (let quote = start; ;) {
    quote = text.indexOf('"', quote + 1);
    if (quote === -1) throw new SyntaxError("a JSON string is not closed");
    let backslashes = 0;
    while (text.charCodeAt(quote - 1 - backslashes) === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return quote + 1;
  }
}
