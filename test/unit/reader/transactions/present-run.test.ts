import { expect, test } from "vitest";
import { PresentRun } from "../../../../reader/transactions/present-run.ts";
import { runBeginning } from "../../../../reader/transactions/server-run.ts";
import type { Transaction } from "../../../../reader/transactions/transaction.ts";
import { foreignRun } from "../../../../wire/session.ts";

/** The number of the file with which the server's present run began. */
const FILE = 5;
const former: Transaction = {
  gtid: null,
  file: "mysql-bin.000004",
  fileNumber: 4,
  start: 500,
  thread: 7,
  run: 3,
  serverId: 1,
  committedUs: 40_000,
};
const inFile = { ...former, file: "mysql-bin.000005", fileNumber: FILE };

test.each([
  ["before the run's first file", former, false],
  [
    "before the run's first file by a clock that was ahead",
    { ...former, committedUs: Number.MAX_SAFE_INTEGER },
    false,
  ],
  ["in the run's first file", { ...inFile, start: 4 }, true],
  ["in the run's first file by a clock that was behind", { ...inFile, committedUs: 0 }, true],
  ["in a later file", { ...former, fileNumber: 6, start: 4 }, true],
  ["by another server's thread", { ...inFile, run: foreignRun(2) }, false],
  [
    "in an earlier run, and committed in this one",
    { ...inFile, prepared: { fileNumber: 4, offset: 500, us: 40_000 } },
    false,
  ],
])("PresentRun judges a transaction written %s", (_, transaction, isIncluded) => {
  expect(new PresentRun(FILE).includes(transaction)).toBe(isIncluded);
});

test("the run is reached with the first transaction read in it, whoever wrote it, and when", () => {
  const run = new PresentRun(FILE);
  run.passes(former);
  expect(run.isReached).toBe(false);
  run.passes({ ...inFile, run: foreignRun(2) });
  expect(run.isReached).toBe(true);
});

test("runs that began in a file of the same number at different times have different numbers", () => {
  const first = runBeginning(1_795_000_000, 17);
  expect(runBeginning(1_795_000_001, 17)).not.toBe(first);
  expect(runBeginning(1_795_000_000, 18)).not.toBe(first);
  expect(Number.isSafeInteger(runBeginning(2 ** 32 - 1, 2 ** 31 - 1))).toBe(true);
});

test("PresentRun includes nothing when reading ends before the present run", () => {
  const run = new PresentRun(null);
  const later = { ...former, fileNumber: 1_000_000 };
  run.passes(later);
  expect(run.includes(later)).toBe(false);
  expect(run.isReached).toBe(false);
});
