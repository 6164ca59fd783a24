import { expect, test } from "vitest";
import { PresentRun } from "../../../../reader/transactions/present-run.ts";
import { runBeginning } from "../../../../reader/transactions/server-run.ts";
import type { Transaction } from "../../../../reader/transactions/transaction.ts";

const evidence = { serverId: 1, file: "mysql-bin.000005", offset: 1000, startedUs: 50_000 };
const before: Transaction = {
  gtid: null,
  file: "mysql-bin.000005",
  fileNumber: 5,
  start: 500,
  thread: 7,
  run: 3,
  serverId: 1,
  committedUs: 40_000,
};

test.each([
  ["committed before the server had started for certain", before, false],
  ["committed after that", { ...before, committedUs: 60_000 }, true],
  ["behind the place where the binlog ended", { ...before, start: 1000 }, true],
  ["in a later file", { ...before, fileNumber: 6, start: 4 }, true],
  ["of another server", { ...before, fileNumber: 6, serverId: 2, committedUs: 60_000 }, false],
])("what was %s", (_, transaction, isIncluded) => {
  const run = new PresentRun(evidence);
  expect(run.includes(transaction)).toBe(isIncluded);
  run.passes(transaction);
  expect(run.isReached).toBe(isIncluded);
});

test("runs that began in a file of one number at different times have different numbers", () => {
  const first = runBeginning(1_795_000_000, 17);
  expect(runBeginning(1_795_000_001, 17)).not.toBe(first);
  expect(runBeginning(1_795_000_000, 18)).not.toBe(first);
  expect(Number.isSafeInteger(runBeginning(2 ** 32 - 1, 2 ** 31 - 1))).toBe(true);
});
