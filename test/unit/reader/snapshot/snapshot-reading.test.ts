import { expect, test } from "vitest";
import { TableBench } from "../../../support/snapshot/table-bench.ts";

/** The rows of a part. */
const PART = 200;

function benchWith(rows: number, where?: string): TableBench {
  const bench = new TableBench(where);
  for (let id = 1; id <= rows; id++) bench.connection.rows.set(id, "x");
  return bench;
}

/** Expects that each row came, and that an application that counts ids finds the mark's count. */
function expectWhole(bench: TableBench): void {
  const ids = new Set(bench.handed);
  expect([...bench.connection.rows.keys()].filter((id) => !ids.has(id))).toEqual([]);
  expect(bench.marks.at(-1)).toEqual({
    state: "complete",
    rows: ids.size,
    whole: true,
    tables: 1,
  });
}

test("rows to be read again come, even if they are larger than a chunk", async () => {
  const bench = benchWith(300, "TRUE");
  await bench.reading.next();
  for (let id = 1001; id <= 1060; id++) bench.put(id, "x".repeat(300 << 10));
  await bench.finish();
  expectWhole(bench);
  expect(bench.handed).toHaveLength(360);
});

test("a row that changes between all parts ends the chunk nevertheless, and comes once", async () => {
  const bench = benchWith(600, "TRUE");
  await bench.reading.next();
  for (let id = PART + 1; id <= 600; id++) bench.put(id, "y");
  for (let round = 0; round < 20 && !bench.reading.isComplete; round++) {
    await bench.reading.next();
    bench.put(PART + 1, `z${round}`);
  }
  expect(bench.reading.isComplete).toBe(true);
  expectWhole(bench);
  expect(bench.handed).toHaveLength(600);
});

test("rows are counted once when their chunk is read anew", async () => {
  const bench = benchWith(5000);
  await bench.reading.next();
  await bench.reading.next();
  for (let id = 1; id <= PART; id++) bench.delete(id);
  bench.define();
  await bench.reading.next();
  for (let id = 1000; id < 1100; id++) bench.delete(id);
  // More keys than the reader remembers: the next chunk is smaller.
  for (let id = 10_000; id <= 30_000; id++) bench.put(id, "y");
  await bench.finish();
  expectWhole(bench);
  expect(bench.handed).toHaveLength(2 * PART + PART + (5000 - PART - 100) + 20_001);
});

test("a chunk says whether its next part needs nothing of the server", async () => {
  const bench = benchWith(3 * PART);
  const has: boolean[] = [bench.reading.hasPart];
  while (!bench.reading.isComplete) {
    await bench.reading.next();
    has.push(bench.reading.hasPart);
  }
  expect(has).toEqual([false, true, true, false]);
});

test("each part says up to which row it was handed over", async () => {
  const bench = benchWith(2 * PART);
  await bench.finish();
  // The numbers begin with a gap. The mark before the first row has one, and that behind the last.
  const gap = 10_000_000;
  expect(bench.parts).toEqual([gap + PART, gap + 2 * PART + 1]);
});

test("an error while rows are handed over ends the chunk", async () => {
  const bench = new TableBench(undefined, { hasRoom: () => false });
  bench.connection.rows.set(1, "x");
  await expect(bench.reading.next()).rejects.toThrow("no free row number");
});

const timeout = (): Error =>
  Object.assign(new Error("too slow"), { errno: 3024, sqlState: "HY000" });

test("a query that the server ended is repeated for fewer rows, and the others are as small", async () => {
  const bench = benchWith(3000, "TRUE");
  const read: number[] = [];
  bench.connection.onRead = (rows) => {
    read.push(rows);
    if (rows > 300) throw timeout();
  };
  await bench.finish();
  expectWhole(bench);
  expect(bench.handed).toHaveLength(3000);
  expect(read.filter((rows) => rows > 300)).toEqual([1000]);
});

test("a snapshot stops when the server ends each query, even of one row", async () => {
  const bench = benchWith(3000, "TRUE");
  const read: number[] = [];
  bench.connection.onRead = (rows) => {
    read.push(rows);
    if (rows > 1 || read.length > 20) throw timeout();
    if (read.length % 2 === 0) throw timeout();
  };
  await expect(bench.finish()).rejects.toThrow("too slow");
  expect(read.length).toBeLessThan(20);
});
