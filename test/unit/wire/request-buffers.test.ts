import { expect, test } from "vitest";
import { RequestBuffers } from "../../../wire/request-buffers.ts";

test("uses a buffer again that is large enough, but never for two requests at once", () => {
  const buffers = new RequestBuffers();
  const first = buffers.take(100_000);
  expect(buffers.take(100_000)).not.toBe(first);
  buffers.giveBack(first);
  expect(buffers.take(90_000)).toBe(first);
  buffers.giveBack(first);
  const larger = buffers.take(first.length + 1);
  expect(larger.length).toBeGreaterThan(first.length);
  buffers.giveBack(larger);
  expect(buffers.take(1)).toBe(larger);
});

test("keeps a few buffers, none of them huge", () => {
  const buffers = new RequestBuffers();
  const all = new Set<Buffer>(Array.from({ length: 10 }, () => Buffer.alloc(10)));
  for (const buffer of all) buffers.giveBack(buffer);
  const taken = Array.from({ length: 10 }, () => buffers.take(10));
  expect(taken.filter((buffer) => all.has(buffer))).toHaveLength(4);
  const huge = Buffer.alloc(3 << 20);
  buffers.giveBack(huge);
  expect(buffers.take(10)).not.toBe(huge);
});
