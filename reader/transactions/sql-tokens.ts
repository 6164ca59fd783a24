/** A piece of a statement: a bare word, a quoted name or text (unquoted), or a sign. */
export interface SqlToken {
  readonly kind: "word" | "name" | "text" | "sign";
  readonly text: string;
}

// One alternative after the other: space, comments, and the marks of executable comments, whose inside the server runs;
// a name in backticks; a name or text in double quotes; a text; a word; a sign.
const PIECE =
  /(\s+|--(?=\s)[^\n]*|#[^\n]*|\/\*(?![!+])[\s\S]*?\*\/|\/\*\+[\s\S]*?\*\/|\/\*!\d*|\*\/)|`((?:[^`]|``)*)`|"((?:[^"\\]|""|\\[\s\S])*)"|'((?:[^'\\]|''|\\[\s\S])*)'|([\w$\u0080-\u{10ffff}]+)|([\s\S])/gu;

/** The pieces of a statement as MySQL's lexer sees them, one by one; how far texts go is right also when escapes are kept. */
export function* sqlTokens(sql: string): Generator<SqlToken> {
  for (const [, , name, doubleQuoted, text, word, sign] of sql.matchAll(PIECE)) {
    if (word !== undefined) yield { kind: "word", text: word };
    else if (name !== undefined) yield { kind: "name", text: name.replaceAll("``", "`") };
    else if (doubleQuoted !== undefined)
      yield { kind: "name", text: doubleQuoted.replaceAll('""', '"') };
    else if (text !== undefined) yield { kind: "text", text };
    else if (sign !== undefined) yield { kind: "sign", text: sign };
  }
}
