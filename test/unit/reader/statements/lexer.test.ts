import { expect, test } from "vitest";
import { Lexer } from "../../../../reader/statements/lexer.ts";
import type { Dialect } from "../../../../reader/statements/query-event.ts";
import { readStatement } from "../../../../reader/statements/statement.ts";
import { queryEvent } from "../../../support/query-event.ts";

const UTF8: Dialect = { charset: "utf8mb4", ansiQuotes: false, backslashEscapes: true };

/** The tokens of a statement, each as `kind:text`. */
function tokens(text: string | Buffer, dialect: Partial<Dialect> = {}): string[] {
  const bytes = typeof text === "string" ? Buffer.from(text) : text;
  const lexer = new Lexer(bytes, { ...UTF8, ...dialect });
  const pieces: string[] = [];
  for (; lexer.kind !== "end"; lexer.next()) {
    const piece =
      lexer.kind === "name" ? lexer.name : bytes.toString("utf8", lexer.start, lexer.end);
    pieces.push(`${lexer.kind}:${piece}`);
  }
  return pieces;
}

test.each<[string, string[]]>([
  ["a.b", ["word:a", "sign:.", "word:b"]],
  ["`a``b`", ["name:a`b"]],
  ["'it''s' \"a\\\"b\"", ["text:it''s", 'text:a\\"b']],
  ["a--b", ["word:a", "sign:-", "sign:-", "word:b"]],
  ["a --\tb\nc", ["word:a", "word:c"]],
  ["a#b\nc/**/d/*!e*/f", ["word:a", "word:c", "word:d", "word:e", "word:f"]],
  ["/*!50000a*//*!080000 b*//*!123c*/", ["word:a", "word:b", "word:123c"]],
  ["a /* never ends", ["word:a"]],
  ["a 'never ends", ["word:a", "text:never ends"]],
  [
    "x'4D' _latin1'é' N'a' @`b` $c",
    [
      "word:x",
      "text:4D",
      "word:_latin1",
      "text:é",
      "word:N",
      "text:a",
      "sign:@",
      "name:b",
      "word:$c",
    ],
  ],
])("%s", (text, expected) => {
  expect(tokens(text)).toEqual(expected);
});

test("a backslash escapes one byte, also the first byte of a multi-byte character", () => {
  const text = Buffer.from([0x27, 0x5c, 0x95, 0x5c, 0x27, 0x27, 0x61]);
  // The first \ escapes 0x95; the second \ escapes a quote; the last quote ends the text.
  expect(tokens(text, { charset: "sjis" }).at(-1)).toBe("word:a");
  expect(tokens(text, { charset: "latin1" }).at(-1)).toBe("word:a");
});

test("a statement of 128 MiB is read without a copy, in linear time", () => {
  const head = Buffer.from("/* '");
  const large = Buffer.alloc(1 << 27, 0x61);
  head.copy(large);
  Buffer.from("*/ ALTER TABLE a COMMENT 'b").copy(large, 1 << 26);
  Buffer.from("', RENAME c").copy(large, large.length - 11);
  const before = process.memoryUsage().heapUsed;
  const startMs = performance.now();
  // heapUsed leaves out the event itself: its bytes are outside of the heap.
  const statement = readStatement(queryEvent(large));
  expect(performance.now() - startMs).toBeLessThan(20_000);
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(1 << 25);
  expect(statement).toEqual({
    kind: "definition",
    op: "ddl",
    tables: [
      { database: null, table: "a" },
      { database: null, table: "c" },
    ],
    names: [
      {
        kind: "table",
        from: { database: null, table: "a" },
        to: { database: null, table: "c" },
      },
    ],
  });
});
