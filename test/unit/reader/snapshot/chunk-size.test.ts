import { expect, test } from "vitest";
import { ChunkSize } from "../../../../reader/snapshot/chunk-size.ts";

test.for([
  [10, 10_000],
  [100, 2000],
  [1000, 1000],
  [8 << 10, 1000],
  [20 << 10, 200],
  [9 << 20, 1],
] as const)("a chunk of rows of %i bytes has %i rows", ([bytes, rows]) => {
  const size = new ChunkSize(Infinity, false);
  expect(size.rows).toBe(1000);
  size.rowsHave(bytes);
  expect(size.rows).toBe(rows);
});

test("a chunk has at most as many rows as the order's rate", () => {
  const size = new ChunkSize(60, false);
  size.rowsHave(10);
  expect(size.rows).toBe(50);
});

test("with a condition, the time of the last query decides, too", () => {
  const size = new ChunkSize(Infinity, true);
  size.rowsHave(10);
  const next = (ms: number): number => {
    size.took(size.rows, ms);
    return size.rows;
  };
  expect(size.rows).toBe(1000);
  expect([next(3000), next(3000), next(300), next(150)]).toEqual([100, 10, 10, 20]);
  expect([next(0), next(0), next(0)]).toEqual([50, 100, 200]);
  expect(next(1e9)).toBe(1);
});

test("after the server has ended a query, all later ones of the table are smaller", () => {
  const size = new ChunkSize(Infinity, true);
  size.rowsHave(10);
  expect(size.timedOut()).toBe(true);
  expect(size.rows).toBe(200);
  for (let chunk = 0; chunk < 20; chunk++) {
    size.took(size.rows, 0);
    size.completed();
  }
  expect(size.rows).toBe(200);
  while (size.rows > 1) expect(size.timedOut()).toBe(true);
  expect(size.timedOut()).toBe(false);
});

test("too many changes make chunks smaller for a time", () => {
  const size = new ChunkSize(Infinity, false);
  size.rowsHave(10);
  size.tooManyChanges();
  expect(size.rows).toBe(2000);
  size.completed();
  size.completed();
  expect(size.rows).toBe(10_000);
});
