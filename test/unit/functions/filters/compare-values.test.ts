import { describe, expect, it } from "vitest";
import { parseCondition } from "../../../../config/condition/parse-condition.ts";
import { jsonMembers, jsonObject } from "../../../../functions/filters/json-members.ts";
import { likeMatcher } from "../../../../functions/filters/like.ts";
import { rowCondition } from "../../../../functions/filters/row-condition.ts";

const truthOf = (text: string, row: Readonly<Record<string, string>>) =>
  rowCondition(parseCondition(text))(new Map(Object.entries(row)));

describe("a condition of a row image that lacks columns", () => {
  it("has a result when the other columns decide it", () => {
    const row = { a: "1" };
    expect(truthOf("a = 2 AND b = 1", row)).toBe(false);
    expect(truthOf("b = 1 AND a = 2", row)).toBe(false);
    expect(truthOf("a = 1 OR b = 1", row)).toBe(true);
    expect(truthOf("NOT (a = 2 AND b = 1)", row)).toBe(true);
  });

  it("has no result when the other columns do not decide it, even with an unknown operand", () => {
    for (const text of ["b = 1", "NOT b = 1", "b IS NULL", "a = 1 AND b = 1", "a = 2 OR b = 1"]) {
      expect(truthOf(text, { a: "1" })).toBe("absent");
      expect(truthOf(`${text} OR c = 1`, { a: "1", c: "null" })).toBe("absent");
    }
  });
});

describe("a comparison", () => {
  it("compares numbers exactly, however they are written", () => {
    const row = { n: "18446744073709551615", d: '"100.10"', e: "1e100", small: "1E-7" };
    expect(truthOf("n > 18446744073709551614.9", row)).toBe(true);
    expect(truthOf("d = 100.1", row)).toBe(true);
    expect(truthOf("e > 99999999999999999999", row)).toBe(true);
    expect(truthOf("small = 0.0000001", row)).toBe(true);
  });

  it("converts text to numbers as MySQL does", () => {
    for (const [text, number] of [
      ["12abc", "12"],
      ["abc", "0"],
      [" -1.5x", "-1.5"],
    ]) {
      expect(truthOf(`v = ${number}`, { v: JSON.stringify(text) })).toBe(true);
    }
    expect(truthOf("v = '5'", { v: "5" })).toBe(true);
  });

  it("orders texts by code points", () => {
    expect(truthOf("v > '\uffee'", { v: '"😀"' })).toBe(true);
  });
});

describe("LIKE", () => {
  it("takes time at most proportional to the product of both lengths", () => {
    const matches = likeMatcher(`${"%a".repeat(50)}b`, "\\");
    const began = performance.now();
    expect(matches("a".repeat(20_000))).toBe(false);
    expect(performance.now() - began).toBeLessThan(20_000);
  });
});

describe("the members of a JSON object", () => {
  it.for([
    ["{}", []],
    ['{"a":1}', [["a", "1"]]],
    [
      ' { "a" : 1.50 , "b":null } ',
      [
        ["a", "1.50"],
        ["b", "null"],
      ],
    ],
    [
      String.raw`{"q\"}":"x\\\"},{","b":{"c":[1,{"d":"]"}]}}`,
      [
        ['q"}', String.raw`"x\\\"},{"`],
        ["b", '{"c":[1,{"d":"]"}]}'],
      ],
    ],
    [
      '{"__proto__":"p","1":[ ]}',
      [
        ["__proto__", '"p"'],
        ["1", "[ ]"],
      ],
    ],
  ] as const)("%s", ([text, expected]) => {
    const members = jsonMembers(text);
    expect(members.map(({ name, value }) => [name, value])).toEqual(expected);
    expect(JSON.parse(jsonObject(members))).toEqual(JSON.parse(text));
  });

  it("of a text that is not a JSON object are refused", () => {
    for (const text of ["", "[1]", '{"a"', '{"a":', '{"a":"x', "{a:1}", '{"a":1,']) {
      expect(() => jsonMembers(text), text).toThrow(SyntaxError);
    }
  });
});
