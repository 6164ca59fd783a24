import { expect, test } from "vitest";
import { dumpBegins } from "../../../../reader/offsets/hidden-transactions.ts";

/** Where a dump begins when everything before the file at `read` was read, and what was asked. */
async function begins(count: number, read: number, earliest: number) {
  const files = Array.from({ length: count }, (_, i) => String(i));
  const asked: number[] = [];
  const index = await dumpBegins(
    "all that was read",
    files,
    {
      gtidsBefore: (file) => Promise.resolve(file),
      isSubset: (file) => {
        asked.push(Number(file));
        return Promise.resolve(Number(file) <= read);
      },
    },
    earliest,
  );
  return { index, asked };
}

test("a dump behind GTIDs begins with the latest file before which nothing else was executed", async () => {
  for (let count = 1; count <= 20; count++)
    for (let read = 0; read < count; read++)
      for (let earliest = 0; earliest < count; earliest++)
        expect((await begins(count, read, earliest)).index).toBe(Math.max(read, earliest));
});

test("few of many files are asked, and only the last one when all before it was read", async () => {
  expect((await begins(1000, 999, 0)).asked).toEqual([999]);
  expect((await begins(1000, 998, 0)).asked.length).toBeLessThan(4);
  for (let read = 0; read < 1000; read += 7)
    expect((await begins(1000, read, 0)).asked.length).toBeLessThan(20);
});
