import type { SeededRandom } from "@binlog-router/local-aws/seeded-random";

/**
 * A column of the table that conditions are tested on: its type, the literals in its rows, and the
 * literals and patterns in conditions.
 */
interface ConditionColumn {
  readonly type: string;
  readonly values: readonly string[];
  readonly literals: readonly string[];
  readonly patterns?: readonly string[];
  readonly isText?: true;
}

const TEXTS = [
  "''",
  "'a'",
  "'A'",
  "'ab'",
  "'a_b'",
  "'a%b'",
  "'é'",
  "'e'",
  "'😀'",
  "'\uffee'",
  "'a\\\\b'",
  "'it''s'",
  "'ab '",
  "' ab'",
  "'a\\nb'",
  "'ΑΣ'",
  "'ας'",
  "'ασ'",
  "'straße'",
  "'STRASSE'",
  "'İ'",
  "'ı'",
  "'\uFB01'",
  "'\u{1D11E}'",
  "'5'",
  "'5.0'",
  "'NULL'",
  "'100:00'",
];
const PATTERNS = [
  "'%'",
  "'a%'",
  "'_'",
  "'%b'",
  "'a\\_%'",
  "'a\\%b'",
  "'%\\\\\\\\%'",
  "''",
  "'__'",
  "'a|_b' ESCAPE '|'",
  "'%\\\\'",
  "'a\\\\\\\\b'",
  "'a\\\\_b'",
  "'a%b%' ESCAPE '%'",
  "'%b' ESCAPE ''",
  "'a\\\\%b' ESCAPE ''",
  "'_b' ESCAPE '_'",
  "'%ß%'",
  "'__ '",
  "'A%'",
];
const COLLATION = "COLLATE utf8mb4_0900_bin";

/** A column for each family of values. Texts have the collation by which conditions compare. */
export const CONDITION_COLUMNS: Readonly<Record<string, ConditionColumn>> = {
  tiny: {
    type: "TINYINT",
    values: ["-128", "0", "1", "5", "127"],
    literals: ["0", "1", "5", "-1", "127.0", "TRUE", "FALSE", "'5'", "0.5"],
  },
  big: {
    type: "BIGINT",
    values: ["-9223372036854775808", "9007199254740992", "9007199254740993", "0"],
    literals: [
      "9007199254740992",
      "9007199254740993",
      "-9223372036854775808",
      "0",
      "9007199254740992.5",
    ],
  },
  ubig: {
    type: "BIGINT UNSIGNED",
    values: ["0", "18446744073709551615", "18446744073709551614"],
    literals: ["18446744073709551615", "18446744073709551614", "0", "-1"],
  },
  amount: {
    type: "DECIMAL(30,10)",
    values: ["0", "-0.5", "100", "100.0000000001", "12345678901234567890.1234567890"],
    literals: ["100", "100.0", "100.00000000010", "-.5", "12345678901234567890.123456789", "0"],
  },
  ratio: {
    type: "DOUBLE",
    values: ["0", "0.1", "-1.5", "1e100", "1e-7", "3"],
    literals: ["0.1", "0", "-1.5", "3", "0.0000001", "1000"],
  },
  built: { type: "YEAR", values: ["2000", "2026", "1999"], literals: ["2026", "2000", "1999"] },
  flags: { type: "BIT(5)", values: ["b'0'", "b'1'", "b'10101'"], literals: ["0", "1", "21"] },
  name: {
    type: `VARCHAR(20) ${COLLATION}`,
    values: TEXTS,
    literals: TEXTS,
    patterns: PATTERNS,
    isText: true,
  },
  code: {
    type: `CHAR(8) ${COLLATION}`,
    values: TEXTS,
    literals: TEXTS,
    patterns: PATTERNS,
    isText: true,
  },
  note: {
    type: `TEXT ${COLLATION}`,
    values: TEXTS,
    literals: TEXTS,
    patterns: PATTERNS,
    isText: true,
  },
  state: {
    type: `ENUM('open','paid','void') ${COLLATION}`,
    values: ["'open'", "'paid'", "'void'"],
    literals: ["'open'", "'paid'", "'none'", "'PAID'"],
    patterns: ["'p%'", "'%i%'"],
    isText: true,
  },
  tags: {
    type: `SET('gift','express','late') ${COLLATION}`,
    values: ["''", "'gift'", "'gift,late'", "'express'"],
    literals: ["''", "'gift'", "'gift,late'"],
    patterns: ["'%late%'", "'gift%'"],
    isText: true,
  },
  born: {
    type: "DATE",
    values: ["'2026-11-20'", "'1999-12-31'", "'2026-11-21'"],
    literals: ["'2026-11-20'", "'2000-01-01'", "'2026-11-20 00:00:00'"],
  },
  placed: {
    type: "DATETIME(3)",
    values: ["'2026-11-20 00:00:00'", "'2026-11-20 19:05:00.125'", "'1999-12-31 23:59:59.999'"],
    literals: [
      "'2026-11-20'",
      "'2026-11-20 19:05:00.125'",
      "'2026-11-20 19:05:00.125000'",
      "'2000-01-01 00:00:00'",
    ],
  },
  changed: {
    type: "TIMESTAMP(6) NULL",
    values: ["'2026-11-20 00:00:00'", "'2026-11-20 19:05:00.000001'", "'2001-01-01 00:00:01'"],
    literals: ["'2026-11-20'", "'2026-11-20 19:05:00.000001'", "'2001-01-01 00:00:01'"],
  },
  took: {
    type: "TIME(2)",
    values: ["'-838:59:58'", "'00:00:00'", "'10:00:00.25'", "'100:00:00'"],
    literals: ["'10:00:00.25'", "'10:00:00'", "'100:00:00'", "'-838:59:58'", "'00:00:00.00'"],
  },
  sign: {
    type: "VARBINARY(6)",
    values: ["x''", "x'00'", "x'41FF'", "x'41FF00'"],
    literals: ["x'41FF'", "x''", "x'00'", "x'42'"],
  },
};

/** Generates a condition; each comparison has a column and literals of the column's family. */
export function randomCondition(random: SeededRandom, depth = 3): string {
  const kind = depth === 0 ? 0 : random.below(10);
  if (kind >= 8)
    return `(${randomCondition(random, depth - 1)}) AND ${randomCondition(random, depth - 1)}`;
  if (kind >= 6)
    return `${randomCondition(random, depth - 1)} OR ${randomCondition(random, depth - 1)}`;
  if (kind === 5) return `NOT ${randomCondition(random, depth - 1)}`;

  const [column, { literals, patterns, isText }] = random.pick(Object.entries(CONDITION_COLUMNS));
  const letters = isText && random.below(4) === 0 ? random.pick(["LOWER", "UPPER"]) : null;
  const quoted = random.below(5) === 0 ? `\`${column}\`` : column;
  const name = letters === null ? quoted : `${letters}(${quoted})`;
  const negation = random.below(5) < 2 ? "NOT " : "";
  const operator = random.pick(["=", "<>", "!=", "<", "<=", ">", ">=", "<=>"]);
  switch (random.pick(["compare", "compare", "turned", "in", "between", "like", "null"] as const)) {
    case "turned":
      return `${random.pick(literals)} ${operator} ${name}`;
    case "in":
      return `${name} ${negation}IN (${[random.pick(literals), random.pick([...literals, "NULL"]), random.pick(literals)].join(", ")})`;
    case "between":
      return `${name} ${negation}BETWEEN ${random.pick(literals)} AND ${random.pick(literals)}`;
    case "like":
      if (patterns !== undefined) return `${name} ${negation}LIKE ${random.pick(patterns)}`;
      return `${name} IS ${negation}NULL`;
    case "null":
      return random.below(3) === 0 ? `${name} <=> NULL` : `${name} IS ${negation}NULL`;
    case "compare":
      return `${name} ${operator} ${random.pick(literals)}`;
    default:
      throw new RangeError("no kind of condition");
  }
}
