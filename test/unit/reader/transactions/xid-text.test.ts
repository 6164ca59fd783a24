import { expect, test } from "vitest";
import { xidText } from "../../../../reader/transactions/xid-text.ts";

const hex = (text: string): string => Buffer.from(text).toString("hex");

test.each([
  [`${hex("early")}..1`, "'early','',1"],
  [`${hex("order 7/ABC-z~")}.${hex("b1")}.4660`, "'order 7/ABC-z~','b1',4660"],
  ["00ff.62.1", "X'00ff','b',1"],
  [`${hex("it's")}.${hex("back\\slash")}.1`, `X'${hex("it's")}',X'${hex("back\\slash")}',1`],
  [`${hex("é")}.7f.1`, `X'${hex("é")}',X'7f',1`],
])("%s is written %s", (xid, text) => {
  expect(xidText(xid)).toBe(text);
});
