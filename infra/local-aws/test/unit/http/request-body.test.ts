import { expect, test } from "vitest";
import { RequestBody } from "../../../http/request-body.ts";

const MEGABYTE = 1024 * 1024;

test.each([
  ["of one chunk", 5, ["12345"]],
  ["of several chunks", 5, ["12", "34", "5"]],
  ["of chunks that are parts of larger pieces", 4, ["1", "2", "3", "4"]],
  ["without a length", 0, ["12", "34", "5"]],
  ["that is longer than is set aside", 5 * MEGABYTE, ["12", "34", "5"]],
  ["that is empty", 0, []],
])("a body %s is whole", (_name, length, parts) => {
  const body = new RequestBody(length);
  for (const part of parts) body.add(Buffer.from(part));
  expect(body.whole().toString()).toBe(parts.join(""));
});

test("the chunks of a body do not stay in memory", () => {
  const chunks = [1, 2, 3].map((fill) => Buffer.alloc(MEGABYTE, fill));
  const body = new RequestBody(3 * MEGABYTE);
  for (const chunk of chunks) body.add(chunk);
  expect(chunks.map(({ length }) => length)).toEqual([0, 0, 0]);
  const whole = body.whole();
  expect(whole.length).toBe(3 * MEGABYTE);
  expect([0, 1, 2].map((index) => whole[index * MEGABYTE + 7])).toEqual([1, 2, 3]);
});

test("a chunk's neighbours in a larger piece stay", () => {
  const piece = Buffer.from("abcdef");
  const body = new RequestBody(4);
  body.add(piece.subarray(0, 2));
  body.add(piece.subarray(2, 4));
  expect(body.whole().toString()).toBe("abcd");
  expect(piece.toString()).toBe("abcdef");
});
