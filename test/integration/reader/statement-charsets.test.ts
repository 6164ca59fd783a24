import { expect, test } from "vitest";
import { charsetOfCollation } from "../../../reader/binlog-format/charsets/collations.ts";
import { Lexer } from "../../../reader/statements/lexer.ts";
import { useMysql } from "../../support/mysql.ts";
import { ByteSession, clientCharsets } from "../../support/statement-bytes.ts";

const mysql = useMysql();

test("the reader treats the same bytes as white space as the server, in every character set of a session", async () => {
  const administrator = await mysql.connect();
  const session = new ByteSession(await mysql.connect());
  for (const name of await clientCharsets(administrator)) {
    await session.speaks(name);
    const collations = await mysql.query<{ id: number }>(
      "SELECT ID AS id FROM information_schema.COLLATIONS WHERE CHARACTER_SET_NAME = ? AND IS_DEFAULT = 'Yes'",
      [name],
    );
    const charset = charsetOfCollation(collations[0]?.id ?? 0);
    const found: number[] = [];
    const read: number[] = [];
    for (let byte = 1; byte < 256; byte++) {
      const statement = Buffer.from([...Buffer.from("SELECT"), byte, ...Buffer.from("1 AS x")]);
      const isSign = "+-~!@#$`'\"".includes(String.fromCharCode(byte));
      if (!isSign && (await session.run(statement).then(isOne, () => false))) found.push(byte);
      const lexer = new Lexer(statement, { charset, ansiQuotes: false, backslashEscapes: true });
      const isVerb = lexer.isWord("SELECT");
      lexer.next();
      if (isVerb && lexer.kind === "word") read.push(byte);
    }
    expect(read, name).toEqual(found);
  }
});

function isOne(rows: readonly { readonly [column: string]: unknown }[]): boolean {
  return rows.length === 1 && rows[0]?.["x"] === 1;
}
