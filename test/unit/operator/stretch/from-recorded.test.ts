import { expect, test } from "vitest";
import { fromRecorded } from "../../../../operator/stretch/from-recorded.ts";

const server = {
  state: { files: ["bin.000001", "bin.000002", "bin.000003", "moved.000001"] },
  offset: { file: "bin.000002", offset: 500, isExact: true },
  isSameLife: true,
  hasStopped: false,
};
const BEHIND = { file: "bin.000003", offset: 900 };

test("a stretch behind what the reader has read is read from there", () => {
  expect(fromRecorded(BEHIND, server)).toEqual({ file: "bin.000002", offset: 500 });
  expect(fromRecorded({ file: "bin.000003" }, server)).toEqual({ file: "bin.000002", offset: 500 });
  for (const from of [{ file: "bin.000002" }, { file: "bin.000001", offset: 900 }])
    expect(fromRecorded(from, server)).toEqual(from);
});

test("a file that the reader has read beyond 4 GiB is read from its beginning", () => {
  const offset = { ...server.offset, offset: 2 ** 32 };
  expect(fromRecorded(BEHIND, { ...server, offset })).toEqual({ file: "bin.000002", offset: 4 });
});

test("what stopped the reader does not stop a stretch behind it", () => {
  expect(fromRecorded(BEHIND, { ...server, hasStopped: true })).toEqual(BEHIND);
});

test("a stretch in another binlog, or under another base name, is read from its beginning", () => {
  expect(fromRecorded(BEHIND, { ...server, isSameLife: false })).toEqual(BEHIND);
  expect(fromRecorded(BEHIND, { ...server, offset: null })).toEqual(BEHIND);
  const moved = { file: "moved.000001", offset: 900 };
  expect(fromRecorded(moved, server)).toEqual(moved);
});
