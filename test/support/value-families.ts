import { sameJson } from "./json-text.ts";

/** A kind of column: literals to store, and the JSON expected for what SELECT prints. */
export interface ValueFamily {
  /** The first major version of MySQL that supports it; absent: all. */
  readonly since?: number;
  readonly types: readonly string[];
  readonly literals: readonly string[];
  /** What to select of a column; its name replaces `?`. The result is read as text. */
  readonly select: string;
  /** Returns the JSON that the binlog's value must have. */
  readonly json?: (text: string) => string;
  /** Compares JSON and text where several JSON texts are correct. */
  readonly same?: (json: string, text: string) => boolean;
}

const text = (value: string): string => JSON.stringify(value);
const base64 = (hex: string): string => text(Buffer.from(hex, "hex").toString("base64"));

const TEXTS = [
  "''",
  "'plain'",
  "'with \\'quotes\\', \"double\", back\\\\slash, comma, `tick`'",
  "'tab\\tnewline\\nreturn\\rbackspace\\bform\\fnull\\0bell\\x07'",
  "_utf8mb4 x'C3A9E282ACC3BC'", // é€ü
  "'  spaces around  '",
  "_utf8mb4 x'EFBBBF61'", // begins with U+FEFF
];
const EMOJI = "_utf8mb4 x'F09F9880F09F87A9F09F87AA61CC81'"; // 😀, a flag, a combining accent

/** All types of MySQL, with extreme values and how SELECT shows them. */
export const valueFamilies: Readonly<Record<string, ValueFamily>> = {
  "signed integers": {
    types: ["TINYINT", "SMALLINT", "MEDIUMINT", "INT", "BIGINT"],
    literals: [
      "0",
      "1",
      "-1",
      "127",
      "-128",
      "32767",
      "-32768",
      "8388607",
      "-8388608",
      "2147483647",
      "-2147483648",
      "9007199254740991",
      "9007199254740993",
      "-9007199254740993",
      "1000000000",
      "9223372036854775807",
      "-9223372036854775808",
    ],
    select: "CAST(? AS CHAR)",
    json: String,
  },
  "unsigned integers": {
    types: [
      "TINYINT UNSIGNED",
      "SMALLINT UNSIGNED",
      "MEDIUMINT UNSIGNED",
      "INT UNSIGNED",
      "BIGINT UNSIGNED",
      "INT UNSIGNED ZEROFILL",
      "BOOLEAN",
      "SERIAL",
    ],
    literals: [
      "0",
      "1",
      "255",
      "65535",
      "16777215",
      "4294967295",
      "4294967296",
      "9007199254740991",
      "9007199254740992",
      "18446744073709551614",
      "18446744073709551615",
    ],
    select: "CAST(? + 0 AS CHAR)",
    json: String,
  },
  YEAR: {
    types: ["YEAR"],
    literals: ["0", "1901", "1970", "2000", "2155"],
    select: "CAST(? + 0 AS CHAR)",
    json: String,
  },
  BIT: {
    types: [
      "BIT(1)",
      "BIT(7)",
      "BIT(8)",
      "BIT(9)",
      "BIT(31)",
      "BIT(33)",
      "BIT(48)",
      "BIT(53)",
      "BIT(64)",
    ],
    literals: ["0", "1", "b'101'", "255", "256", "4294967296", "~0"],
    select: "CAST(? + 0 AS CHAR)",
    json: String,
  },
  DECIMAL: {
    types: [
      "DECIMAL(65,30)",
      "DECIMAL(65,0)",
      "DECIMAL(1,0)",
      "DECIMAL(1,1)",
      "DECIMAL(9,9)",
      "DECIMAL(10,2)",
      "DECIMAL(18,9)",
      "DECIMAL(30,30)",
      "DECIMAL(38,10) UNSIGNED",
      "NUMERIC(19,4)",
    ],
    literals: [
      "0",
      "1",
      "-1",
      "0.1",
      "-0.1",
      "9.99",
      "-9.99",
      "123456789.123456789",
      "1000000000",
      "-1000000000.000000001",
      "99999999999999999999999999999999999.999999999999999999999999999999",
      "-99999999999999999999999999999999999.999999999999999999999999999999",
      "0.000000000000000000000000000001",
      "100000000000000000000",
      "900000009.000000009",
    ],
    select: "CAST(? AS CHAR)",
    json: text,
  },
  FLOAT: {
    types: ["FLOAT", "FLOAT UNSIGNED"],
    literals: [
      "0",
      "-0e0",
      "0.1",
      "1.5",
      "-1.5",
      "3.4028234e38",
      "-3.4028234e38",
      "1.17549435e-38",
      "1e-45",
      "1.4e-44",
      "16777216",
      "16777215",
      "33554432",
      "123456.789",
      "0.3333333333",
      "1e10",
    ],
    select: "CAST(CAST(? AS DOUBLE) AS CHAR)",
    same: (json, printed) =>
      Math.fround(Number(json)) === Number(printed) && !/\d{10}[1-9]/.test(json),
  },
  DOUBLE: {
    types: ["DOUBLE", "DOUBLE PRECISION", "REAL"],
    literals: [
      "0",
      "-0e0",
      "0.1",
      "0.30000000000000004",
      "1.7976931348623157e308",
      "-1.7976931348623157e308",
      "2.2250738585072014e-308",
      "5e-324",
      "1e21",
      "1e20",
      "123456789012345680",
      "1e-7",
      "9007199254740993",
    ],
    select: "CAST(? AS CHAR)",
    same: (json, printed) => Object.is(Number(json), Number(printed)),
  },
  DATE: {
    types: ["DATE"],
    literals: [
      "'1000-01-01'",
      "'9999-12-31'",
      "'0000-00-00'",
      "'2020-00-00'",
      "'2020-02-00'",
      "'2024-02-29'",
      "'0001-01-01'",
    ],
    select: "CAST(? AS CHAR)",
    json: text,
  },
  DATETIME: {
    types: [0, 1, 2, 3, 4, 5, 6].map((decimals) => `DATETIME(${decimals})`),
    literals: [
      "'1000-01-01 00:00:00'",
      "'9999-12-31 23:59:59'",
      "'0000-00-00 00:00:00'",
      "'2020-00-00 12:13:14.5'",
      "'2026-01-02 03:04:05.123456'",
      "'2024-02-29 23:59:59.999'",
      "'2026-01-02 03:04:05.000001'",
      "'2026-01-02 03:04:05.900000'",
    ],
    select: "CAST(? AS CHAR)",
    json: text,
  },
  TIMESTAMP: {
    types: [0, 1, 2, 3, 4, 5, 6].map((decimals) => `TIMESTAMP(${decimals}) NULL`),
    literals: [
      "'1970-01-01 00:00:01'",
      "'2038-01-19 03:14:07.499999'",
      "'0000-00-00 00:00:00'",
      "'2000-02-29 12:00:00.5'",
      "'2026-01-02 03:04:05.123456'",
      "'2001-09-09 01:46:40'",
      "'1999-12-31 23:59:59'",
      "'2024-02-29 23:59:59.000001'",
      "'2024-03-01 00:00:00'",
      "'2100-01-01 00:00:00'",
    ],
    select: "CAST(? AS CHAR)",
    json: (printed) => text(printed.startsWith("0000") ? printed : `${printed.replace(" ", "T")}Z`),
  },
  TIME: {
    types: [0, 1, 2, 3, 4, 5, 6].map((decimals) => `TIME(${decimals})`),
    literals: [
      "'00:00:00'",
      "'-838:59:59.000000'",
      "'838:59:59'",
      "'-00:00:01'",
      "'-00:00:00.000001'",
      "'-00:00:00.5'",
      "'-00:00:01.5'",
      "'12:34:56.789012'",
      "'-99:59:59.999'",
      "'100:00:00.1'",
      "'-01:00:00.123456'",
      "'838:59:58.999999'",
    ],
    select: "CAST(? AS CHAR)",
    json: text,
  },
  "text in UTF-8": {
    types: [
      "CHAR(0)",
      "VARCHAR(0)",
      "CHAR(100)",
      "VARCHAR(60)",
      "VARCHAR(300)",
      "TINYTEXT",
      "TEXT",
      "MEDIUMTEXT",
      "LONGTEXT",
      "VARCHAR(100) COLLATE utf8mb4_bin",
      "CHAR(255) COLLATE utf8mb4_0900_as_cs",
      "TEXT COLLATE utf8mb4_general_ci",
    ],
    literals: [...TEXTS, EMOJI, "REPEAT('ab\"', 20)"],
    select: "HEX(CONVERT(? USING utf8mb4))",
    json: (hex) => text(Buffer.from(hex, "hex").toString()),
  },
  "text in other character sets of Unicode": {
    types: ["ucs2", "utf16", "utf16le", "utf32", "utf8mb3", "gb18030"].flatMap((charset) => [
      `CHAR(60) CHARACTER SET ${charset}`,
      `VARCHAR(300) CHARACTER SET ${charset}`,
      `TEXT CHARACTER SET ${charset}`,
    ]),
    literals: [...TEXTS, EMOJI],
    select: "HEX(CONVERT(? USING utf8mb4))",
    json: (hex) => text(Buffer.from(hex, "hex").toString()),
  },
  "text in single-byte character sets": {
    types: [
      "latin1",
      "latin2",
      "cp1251",
      "koi8r",
      "greek",
      "hebrew",
      "ascii",
      "swe7",
      "cp850",
      "macroman",
    ].flatMap((charset) => [
      `CHAR(60) CHARACTER SET ${charset}`,
      `VARCHAR(300) CHARACTER SET ${charset}`,
      `TEXT CHARACTER SET ${charset}`,
    ]),
    literals: [...TEXTS.slice(0, 4), "'é€üß'", "'Привет'", "'αβγ'", "'שלום'"],
    select: "HEX(CONVERT(? USING utf8mb4))",
    json: (hex) => text(Buffer.from(hex, "hex").toString()),
  },
  "binary strings": {
    types: [
      "BINARY(0)",
      "BINARY(1)",
      "BINARY(20)",
      "BINARY(255)",
      "VARBINARY(20)",
      "VARBINARY(300)",
      "TINYBLOB",
      "BLOB",
      "MEDIUMBLOB",
      "LONGBLOB",
      "CHAR(20) CHARACTER SET binary",
      "TEXT CHARACTER SET binary",
    ],
    literals: [
      "''",
      "x'00'",
      "x'0001'",
      "x'0100'",
      "x'FF00FF00'",
      "'text'",
      "x'0000000000'",
      "REPEAT('\\\"', 9)",
    ],
    select: "HEX(?)",
    json: base64,
  },
  ENUM: {
    types: [
      "ENUM('', 'a', 'with, comma', 'with ''quote''', 'with \"double\"', 'é€', 'back\\\\slash')",
      "ENUM('a', 'é', 'with, comma') CHARACTER SET latin1",
      `ENUM(${Array.from({ length: 300 }, (_, i) => `'m${i}'`).join()})`,
    ],
    literals: [
      "'a'",
      "'with, comma'",
      "'with \\'quote\\''",
      "'é€'",
      "'é'",
      "1",
      "3",
      "300",
      "'no member'",
    ],
    select: "HEX(CONVERT(? USING utf8mb4))",
    json: (hex) => text(Buffer.from(hex, "hex").toString()),
  },
  SET: {
    types: [
      "SET('a', 'b', 'with ''quote''', 'with \"double\"', 'é€')",
      "SET('a', 'é', 'b') CHARACTER SET latin1",
      `SET(${Array.from({ length: 64 }, (_, i) => `'m${i}'`).join()})`,
      `SET(${Array.from({ length: 17 }, (_, i) => `'n${i}'`).join()})`,
    ],
    literals: [
      "''",
      "'a'",
      "'a,b'",
      "'b,a,é€'",
      "1",
      "3",
      "~0",
      "65536",
      "'m63,m0,m31,m32'",
      "'a,é'",
    ],
    select: "HEX(CONVERT(? USING utf8mb4))",
    json: (hex) =>
      hex === "" ? "[]" : JSON.stringify(Buffer.from(hex, "hex").toString().split(",")),
  },
  JSON: {
    types: ["JSON"],
    literals: [
      "'null'",
      "'true'",
      "'[]'",
      "'{}'",
      "'\"\"'",
      "'0'",
      "'-1'",
      "'32768'",
      "'65536'",
      "'-2147483649'",
      "'9223372036854775807'",
      "'-9223372036854775808'",
      "'18446744073709551615'",
      "'1.0'",
      "'-0.0'",
      "'0.1'",
      "'1e300'",
      "'1e20'",
      '\'{"b": 1, "a": [1, -2, 3.5, null, true, false, "x"], "long key with \\\\"quotes\\\\"": {"é😀": "tab\\\\t"}}\'',
      "'[4294967295, 4294967296, 2147483648, 40000, 70000, -40000]'",
      "JSON_ARRAY(CAST(1.50 AS DECIMAL(10,2)), CAST(-123456789012345678901234567890.12 AS DECIMAL(40,2)), CAST(0.001 AS DECIMAL(3,3)))",
      "JSON_ARRAY(DATE'2020-01-02', TIME'-12:34:56.5', TIME'838:59:59', TIMESTAMP'2020-01-02 03:04:05.1', TIMESTAMP'9999-12-31 23:59:59.999999')",
      "CAST(NOW(6) AS JSON)",
      "JSON_OBJECT('t', CAST('00:00:00.000001' AS TIME(6)), 'n', CAST('-00:00:00.000001' AS TIME(6)))",
      "JSON_ARRAY(x'00FF', b'101', CAST(REPEAT('binary', 30) AS BINARY))",
      "JSON_OBJECT('y', CAST(2020 AS YEAR), 'p', POINT(1, 2.5))",
      "JSON_OBJECT('big', REPEAT('x', 70000), 'n', 70000, 'm', -5)",
      "JSON_ARRAY(REPEAT('é', 200), REPEAT('y', 20000))",
      "CONCAT('[', REPEAT('100000,', 20000), '3]')",
      "CONCAT(REPEAT('[', 99), REPEAT(']', 99))",
      "(SELECT JSON_OBJECTAGG(CONCAT('key', n), n * 70000) FROM (WITH RECURSIVE c AS (SELECT 1 n UNION ALL SELECT n + 1 FROM c WHERE n < 900) SELECT n FROM c) d)",
    ],
    select: "CAST(? AS CHAR)",
    same: sameJson,
  },
  geometry: {
    types: ["GEOMETRY"],
    literals: [
      "POINT(1, 2.5)",
      "ST_GeomFromText('LINESTRING(0 0, 1 1, 2 0)')",
      "ST_GeomFromText('POLYGON((0 0, 4 0, 4 4, 0 4, 0 0), (1 1, 2 1, 2 2, 1 1))')",
      "ST_GeomFromText('POINT(48.2 16.4)', 4326)",
      "ST_GeomFromText('GEOMETRYCOLLECTION(POINT(1 2), MULTIPOINT(0 0, 1 1))')",
      "ST_GeomFromText('GEOMETRYCOLLECTION EMPTY')",
    ],
    select: "HEX(ST_AsWKB(?, 'axis-order=long-lat'))",
    json: base64,
  },
  "geometry of one kind": {
    types: ["POINT", "POINT SRID 0"],
    literals: ["POINT(-1.5, 1e300)"],
    select: "HEX(ST_AsWKB(?))",
    json: base64,
  },
  VECTOR: {
    since: 9,
    types: ["VECTOR", "VECTOR(3)", "VECTOR(16383)"],
    literals: [
      "STRING_TO_VECTOR('[0.1, 2, -3.5]')",
      "STRING_TO_VECTOR('[1e-45, 3.4028234e38, -0]')",
      "STRING_TO_VECTOR('[16777217]')",
    ],
    select: "HEX(?)",
    same: (json, hex) => {
      const numbers = JSON.parse(json) as number[];
      const stored = Buffer.from(hex, "hex");
      return (
        numbers.length * 4 === stored.length &&
        numbers.every((number, i) => Object.is(Math.fround(number), stored.readFloatLE(4 * i)))
      );
    },
  },
};

/**
 * Describes what is wrong with the JSON of a value, given what SELECT prints for it; undefined: it
 * is right.
 */
export function difference(
  family: ValueFamily,
  json: string,
  printed: string | null,
): string | undefined {
  const expected = printed === null ? "null" : family.json?.(printed);
  const same =
    expected === undefined ? family.same?.(json, printed ?? "") === true : json === expected;
  return same ? undefined : `${json} for ${expected ?? printed ?? "NULL"}`;
}
