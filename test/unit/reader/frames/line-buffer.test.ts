import { expect, test } from "vitest";
import { RowTexts } from "../../../../reader/binlog-format/rows/row-texts.ts";
import { LineBuffer } from "../../../../reader/frames/line-buffer.ts";
import { encodeChange } from "../../../../wire/frame.ts";

const row = (length: number): RowTexts => RowTexts.of({ key: "{}", after: "ä".repeat(length / 2) });

test("a line buffer holds the lines that encodeChange writes, and puts a header before them", () => {
  const lines = new LineBuffer();
  const large = Number.MAX_SAFE_INTEGER;
  const changes = [
    { op: "c", transaction: 0, table: 1, offset: 4, row: 9, n: 10 },
    { op: "u", transaction: 99, table: 100, offset: 2 ** 32 - 1, row: 2 ** 31, n: 1_000_000_000 },
    { op: "ddl", transaction: 0, table: 0, offset: 2 ** 32, row: 0, n: 999_999_999 },
    { op: "snapshot", transaction: large, table: large, offset: large, row: large, n: large },
  ] as const;
  const texts = { key: "k", oldKey: "o", before: "b".repeat(10_000), after: "ä" };
  for (const { op, transaction, table, offset, row: number, n } of changes)
    lines.append(op, transaction, table, offset, number, n, RowTexts.of(texts));
  const expected = changes.map((change) => encodeChange({ ...change, ...texts })).join("\n");
  expect(lines.length).toBe(Buffer.byteLength(expected));
  expect(lines.prepend(Buffer.from("ü\n")).toString()).toBe(`ü\n${expected}`);
});

test("a line buffer keeps its memory for the next frame, except after a huge row", () => {
  const lines = new LineBuffer();
  lines.append("c", 0, 0, 0, 0, 0, row(1_000_000));
  lines.clear();
  expect(lines.length).toBe(0);
  expect(lines.capacity).toBeGreaterThan(1_000_000);
  const huge = row(20_000_000);
  const before = process.memoryUsage().arrayBuffers;
  lines.append("c", 0, 0, 0, 0, 0, huge);
  lines.clear();
  expect(lines.capacity).toBeLessThan(1_000_000);
  expect(process.memoryUsage().arrayBuffers).toBeLessThan(before);
});

test.each([
  [720, 768],
  [1024, 1088],
])("a frame that grows to %d KiB takes its memory, and none of its former buffers", (kib, most) => {
  const text = row(200);
  const before = process.memoryUsage().arrayBuffers;
  const lines = new LineBuffer();
  while (lines.length < kib * 1024) lines.append("c", 0, 0, 0, 0, 0, text);
  expect(lines.capacity).toBe(most * 1024);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(lines.capacity + 256 * 1024);
});
