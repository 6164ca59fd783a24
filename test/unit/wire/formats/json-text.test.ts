import { expect, test } from "vitest";
import { jsonText, parseJsonExactly } from "../../../../wire/formats/json-text.ts";

test.each([
  "18446744073709551615",
  "-9223372036854775808",
  "0",
  "-0",
  "-0.0",
  "1.0",
  "1e-7",
  "1E+400",
  "0.1",
  "123456789012345678901234567890.123456789",
  '{"a":[1,2.50,{"b":null}],"c":"1.50"}',
])("%s is written as the same text", (text) => {
  expect(jsonText(parseJsonExactly(text))).toBe(text);
});

test("integers that a number would round are bigints, and others are numbers", () => {
  expect(parseJsonExactly("[9007199254740993, 12]")).toEqual([9007199254740993n, 12]);
});
