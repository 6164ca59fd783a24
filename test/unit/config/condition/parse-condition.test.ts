import { describe, expect, it } from "vitest";
import { columnUses } from "../../../../config/condition/condition.ts";
import { parseCondition } from "../../../../config/condition/parse-condition.ts";

const column = (name: string) => ({ name, letters: "as-they-are" });
const number = (digits: string) => ({ kind: "number", digits });
const compare = (name: string, operator: string, digits: string) => ({
  kind: "compare",
  column: column(name),
  operator,
  value: number(digits),
});

describe("a condition", () => {
  it("gives NOT precedence over AND, and AND over OR", () => {
    expect(parseCondition("NOT a = 1 AND b > 2 OR c <> 3")).toEqual({
      kind: "or",
      left: {
        kind: "and",
        left: { kind: "not", operand: compare("a", "=", "1") },
        right: compare("b", ">", "2"),
      },
      right: compare("c", "<>", "3"),
    });
    expect(parseCondition("a=1 and (b=2 or c=3)")).toMatchObject({
      kind: "and",
      right: { kind: "or" },
    });
  });

  it("may have the literal on either side", () => {
    expect(parseCondition("5 < a")).toEqual(compare("a", ">", "5"));
    expect(parseCondition("-.5 >= `a`")).toEqual(compare("a", "<=", "-0.5"));
  });

  it("reads strings and names as MySQL does", () => {
    expect(parseCondition(String.raw`${"`a``b`"} = 'it''s \'\n\% \\'`)).toMatchObject({
      column: { name: "a`b" },
      value: { kind: "text", text: "it's '\n\\% \\" },
    });
    expect(parseCondition("größe IN (TRUE, x'41ff', NULL)")).toMatchObject({
      column: { name: "größe" },
      values: [number("1"), { kind: "bytes", hex: "41FF" }, { kind: "null" }],
    });
  });

  it("lists its columns", () => {
    const uses = columnUses(
      parseCondition(
        "a = 1 OR NOT (b IS NULL AND LOWER(c) LIKE 'x' AND d BETWEEN 1 AND 2 AND e IN (1))",
      ),
    );
    expect(uses.map((use) => use.column.name)).toEqual(["a", "b", "c", "d", "e"]);
  });

  it.for([
    ["", "at character 1: expected a column, but the condition ends"],
    [
      "a = ",
      "at character 5: expected a number, a string in single quotes or NULL, but the condition ends",
    ],
    ["a == 1", "at character 4: expected a number, a string in single quotes or NULL, found ="],
    ["status = 'paid", "at character 10: the string that begins here has no end"],
    ['status = "paid"', "at character 10: write strings in single quotes, names in backticks"],
    ["a = 1 && b = 2", "at character 7: write AND instead of &&"],
    ["a = 1 b = 2", "at character 7: expected AND, OR or the end, found b"],
    ["a = NULL", "at character 5: a comparison with NULL is never true; write IS NULL"],
    ["a BETWEEN 1 AND NULL", "at character 17: BETWEEN does not take NULL"],
    ["sleep(5) = 1", "at character 1: a condition may call LOWER and UPPER, not sleep"],
    ["UPPER(LOWER(a)) = 'A'", 'at character 12: expected ")", found ('],
    [
      "a = (SELECT 1)",
      "at character 5: expected a number, a string in single quotes or NULL, found (",
    ],
    ["a = b", "at character 5: expected a number, a string in single quotes or NULL, found b"],
    ["t.a = 1", 'at character 2: ".a = 1" is not understood'],
    ["a LIKE 'x' ESCAPE 'yz'", "at character 19: ESCAPE takes one character"],
    ["a NOT = 1", "at character 7: expected IN, BETWEEN or LIKE, found ="],
    ["a = x'123'", "at character 5: x'123' has an odd number of digits"],
    ["a = 1e5", 'at character 5: "1e5" is not understood'],
  ])("is refused with the position of the error: %s", ([text, message]) => {
    expect(() => parseCondition(text ?? "")).toThrow(message);
  });

  it("is refused when it is too long or too deeply nested", () => {
    expect(() => parseCondition(`${"(".repeat(60)}a = 1${")".repeat(60)}`)).toThrow("at most 50");
    expect(() => parseCondition(`a = '${"x".repeat(2000)}'`)).toThrow("at most 2000");
  });
});
