import { expect, test } from "vitest";
import { freeBytes } from "../../../wire/free-bytes.ts";
import { Utf8Text } from "../../../wire/utf8-text.ts";

const BYTES = 1 << 20;

test("a text's memory is given back at once, and the text cannot be sent any more", () => {
  const text = new Utf8Text(Buffer.allocUnsafeSlow(BYTES).fill("a"));
  const before = process.memoryUsage().arrayBuffers;
  text.free();
  expect(before - process.memoryUsage().arrayBuffers).toBeGreaterThanOrEqual(BYTES);
  expect(() => text.bytes).toThrow(RangeError);
  expect(() => String(text)).toThrow(RangeError);
});

test("a part of a buffer frees all of it", () => {
  const buffer = Buffer.allocUnsafeSlow(BYTES);
  freeBytes(buffer.subarray(7, 9));
  expect(buffer).toHaveLength(0);
});

test("what small buffers share stays", () => {
  const [small, other] = [Buffer.from("some"), Buffer.from("other")];
  freeBytes(small);
  expect(String(other)).toBe("other");
});
