import type { RowDataPacket } from "mysql2/promise";
import { describe, expect, it } from "vitest";
import { charsetOfCollation } from "../../../reader/binlog-format/charsets/collations.ts";
import { textDecoder } from "../../../reader/binlog-format/charsets/decode-text.ts";
import { useMysql } from "../../support/mysql.ts";

const mysql = useMysql();

const hex = (code: number, digits: number): string => code.toString(16).padStart(digits, "0");
const range = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, i) => first + i);

const ONE_BYTE = range(0, 0xff).map((code) => hex(code, 2));
const TWO_BYTES = range(0x81, 0xff).flatMap((lead) =>
  range(0x30, 0xff).map((trail) => hex(lead, 2) + hex(trail, 2)),
);
const THREE_BYTES = range(0xa1, 0xfe).flatMap((second) =>
  range(0xa1, 0xfe).map((third) => `8f${hex(second, 2)}${hex(third, 2)}`),
);
const BMP_BIG_ENDIAN = range(0, 0xff).flatMap((high) =>
  range(0, 0xff).map((low) => hex(high, 2) + hex(low, 2)),
);

const CODES: Record<string, readonly string[]> = {
  ...Object.fromEntries(
    [
      "armscii8",
      "ascii",
      "cp1250",
      "cp1251",
      "cp1256",
      "cp1257",
      "cp850",
      "cp852",
      "cp866",
      "dec8",
      "geostd8",
      "greek",
      "hebrew",
      "hp8",
      "keybcs2",
      "koi8r",
      "koi8u",
      "latin1",
      "latin2",
      "latin5",
      "latin7",
      "macce",
      "macroman",
      "swe7",
      "tis620",
    ].map((charset) => [charset, ONE_BYTE]),
  ),
  ...Object.fromEntries(
    ["big5", "cp932", "sjis", "euckr", "gb2312", "gbk"].map((charset) => [
      charset,
      [...ONE_BYTE, ...TWO_BYTES],
    ]),
  ),
  ujis: [...ONE_BYTE, ...TWO_BYTES, ...THREE_BYTES],
  eucjpms: [...ONE_BYTE, ...TWO_BYTES, ...THREE_BYTES],
  gb18030: [
    ...ONE_BYTE,
    ...TWO_BYTES,
    ...range(0x81, 0x84).flatMap((a) =>
      range(0x30, 0x39).flatMap((b) =>
        range(0x81, 0xfe).map((c) => `${hex(a, 2)}${hex(b, 2)}${hex(c, 2)}35`),
      ),
    ),
  ],
  ucs2: BMP_BIG_ENDIAN,
  utf16: [...BMP_BIG_ENDIAN, "d83dde00"],
  utf16le: [...BMP_BIG_ENDIAN, "3dd800de"],
  utf32: [...BMP_BIG_ENDIAN.map((code) => `0000${code}`), "0001f600"],
};
/** Whether MySQL has replaced a character that it cannot convert by a question mark or U+FFFD. */
function standsForNothing(code: string, utf32: string): boolean {
  return utf32 === "0000FFFD" || (utf32 === "0000003F" && !/^(0000)?(00)?3f(00)?$/.test(code));
}

const PER_STATEMENT = 2_000;

describe("every code of every character set is decoded to MySQL's character", () => {
  it("for the character set of every collation", async () => {
    const collations = await mysql.query<{ id: string; charset: string }>(
      "SELECT ID id, CHARACTER_SET_NAME charset FROM information_schema.COLLATIONS",
    );
    for (const { id, charset } of collations) expect(charsetOfCollation(Number(id))).toBe(charset);
  });

  it.for(Object.entries(CODES))("%s", async ([charset, codes]) => {
    const connection = await mysql.connect(undefined, { rowsAsArray: true });
    const decode = textDecoder(charset as Parameters<typeof textDecoder>[0]);
    const wrong: string[] = [];
    let compared = 0;
    for (let i = 0; i < codes.length; i += PER_STATEMENT) {
      const chunk = codes.slice(i, i + PER_STATEMENT);
      // NULL for bytes that are not valid in this character set.
      const columns = chunk.map(
        (code, c) => `HEX(CONVERT(CONVERT(x'${code}' USING ${charset}) USING utf32)) c${c}`,
      );
      const [rows] = await connection.query<RowDataPacket[][]>(`SELECT ${columns.join()}`);
      for (const [c, utf32] of ((rows[0] ?? []) as unknown as (string | null)[]).entries()) {
        const code = chunk[c] ?? "";
        if (utf32 === null || utf32.length !== 8 || standsForNothing(code, utf32)) continue;
        compared++;
        const decoded = decode(Buffer.from(code, "hex"));
        if (decoded !== String.fromCodePoint(Number.parseInt(utf32, 16)))
          wrong.push(`${code} is U+${utf32}`);
      }
    }
    expect(wrong).toEqual([]);
    expect(compared).toBeGreaterThan(90);
  });
});
