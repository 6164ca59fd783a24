import { expect, test } from "vitest";
import { viewOf } from "../../../../reader/binlog-format/view-of.ts";

test("a view has the bytes of its buffer only, also after one of another buffer", () => {
  const buffer = Buffer.of(1, 2, 3, 4, 5, 6);
  const part = buffer.subarray(2, 4);
  expect(viewOf(buffer).byteLength).toBe(6);
  expect(viewOf(part).byteLength).toBe(2);
  expect(viewOf(part).getUint8(0)).toBe(3);
  expect(viewOf(buffer).getUint8(0)).toBe(1);
});
