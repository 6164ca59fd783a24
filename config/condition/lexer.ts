/**
 * A text is not a valid condition. The message begins with the place of the fault ("at character 5:
 * …").
 */
export class ConditionError extends Error {
  override readonly name = "ConditionError";

  /** `at`: the index of the faulty character, from 0. */
  constructor(at: number, what: string) {
    super(`at character ${at + 1}: ${what}`);
  }
}

export interface Token {
  readonly kind: "word" | "column" | "number" | "text" | "bytes" | "sign" | "end";
  /**
   * A word, unchanged; a column's name without backticks; digits; a string's text without its
   * escapes; hexadecimal digits in capitals; a sign.
   */
  readonly value: string;
  /** The token's text in the condition. */
  readonly source: string;
  readonly at: number;
}

const PATTERN =
  /(?<space>\s+)|(?<bytes>[xX]'[0-9a-fA-F]*')|(?<number>(?:\d+(?:\.\d*)?|\.\d+)(?![\w$.]))|(?<word>[A-Za-z_$\u0080-\u{10ffff}][\w$\u0080-\u{10ffff}]*)|(?<column>`(?:[^`]|``)+`)|(?<text>'(?:[^'\\]|''|\\.)*')|(?<sign><=>|<=|>=|<>|!=|[=<>(),+-])/suy;

/** The tokens of a condition; the last is `end`. Throws ConditionError. */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  const pattern = new RegExp(PATTERN);
  let at = 0;
  while (at < text.length) {
    pattern.lastIndex = at;
    const groups = pattern.exec(text)?.groups;
    if (groups === undefined) throw new ConditionError(at, unreadable(text, at));
    const [kind, source] = Object.entries(groups).find(([, found]) => found !== undefined) ?? [];
    if (kind === undefined || source === undefined) {
      throw new ConditionError(at, unreadable(text, at));
    }
    if (kind !== "space") {
      const known = kind as Exclude<Token["kind"], "end">;
      tokens.push({ kind: known, value: valueOf(known, source, at), source, at });
    }
    at += source.length;
  }
  tokens.push({ kind: "end", value: "", source: "", at });
  return tokens;
}

function valueOf(kind: Token["kind"], source: string, at: number): string {
  switch (kind) {
    case "word":
      return source;
    case "column":
      return source.slice(1, -1).replaceAll("``", "`");
    case "text":
      return unescape(source.slice(1, -1));
    case "bytes":
      if (source.length % 2 === 1) return source.slice(2, -1).toUpperCase();
      throw new ConditionError(at, `${source} has an odd number of digits`);
    default:
      return source;
  }
}

const ESCAPES: Readonly<Record<string, string>> = {
  "0": "\0",
  b: "\b",
  n: "\n",
  r: "\r",
  t: "\t",
  Z: "\u001a",
  // MySQL keeps these two escapes, for LIKE.
  "%": "\\%",
  _: "\\_",
};

/** Unescapes a string as MySQL does without the SQL mode NO_BACKSLASH_ESCAPES. */
function unescape(quoted: string): string {
  return quoted.replace(/''|\\(.)/gsu, (whole, escaped: string | undefined) =>
    escaped === undefined ? whole.slice(1) : (ESCAPES[escaped] ?? escaped),
  );
}

function unreadable(text: string, at: number): string {
  const rest = text.slice(at, at + 12);
  if (rest.startsWith("'")) return "the string that begins here has no end";
  if (rest.startsWith("`")) return "the name that begins here has no end";
  if (rest.startsWith('"')) return "write strings in single quotes, names in backticks";
  if (rest.startsWith("&&")) return "write AND instead of &&";
  if (rest.startsWith("||")) return "write OR instead of ||";
  if (rest.startsWith("!")) return "write NOT instead of !";
  return `${JSON.stringify(rest)} is not understood`;
}
