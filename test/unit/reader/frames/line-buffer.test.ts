import { expect, test } from "vitest";
import { RowTexts } from "../../../../reader/binlog-format/rows/row-texts.ts";
import { LineBuffer } from "../../../../reader/frames/line-buffer.ts";

const row = (length: number): RowTexts => RowTexts.of({ key: "{}", after: "ä".repeat(length / 2) });

test("holds the lines one after the other, and puts a text before them", () => {
  const lines = new LineBuffer();
  lines.append("c\t0\t", RowTexts.of({ key: "k", oldKey: "o", before: "b", after: "ä" }));
  lines.append("d\t1\t", RowTexts.of({ before: "x".repeat(10_000) }));
  const expected = `c\t0\tk\to\tb\tä\nd\t1\t\t\t${"x".repeat(10_000)}\t`;
  expect(lines.length).toBe(Buffer.byteLength(expected));
  expect(lines.prepend("ü\n").toString()).toBe(`ü\n${expected}`);
});

test("keeps its memory for the next frame, but not that of one huge row", () => {
  const lines = new LineBuffer();
  lines.append("c\t", row(1_000_000));
  lines.clear();
  expect(lines.length).toBe(0);
  expect(lines.capacity).toBeGreaterThan(1_000_000);
  lines.append("c\t", row(20_000_000));
  lines.clear();
  expect(lines.capacity).toBeLessThan(1_000_000);
});
