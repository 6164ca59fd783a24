import { expect, test } from "vitest";
import { RowNumbers } from "../../../../reader/snapshot/row-numbers.ts";
import { SavedProgress } from "../../../../reader/snapshot/saved-progress.ts";
import { NOTHING_READ } from "../../../support/snapshot/table-bench.ts";

const namesOf = (count: number): string[] =>
  Array.from({ length: count }, (_, n) => `shop.${"é".repeat(40)}${1000 + n}`);

test("a snapshot is refused when the names of its tables and of others do not fit in the offset's item", () => {
  const place = { file: "binlog.000001", fileNumber: 1, offset: 4 };
  const numbers = RowNumbers.begin(undefined, place);
  const paused = { ...NOTHING_READ, tables: namesOf(600) };
  const progress = new SavedProgress({
    savedSnapshots: () => ({ numbers: numbers.free, progress: [paused] }),
    changeSnapshots: () => Promise.resolve(),
    numbers,
  });
  expect(() => progress.assertRoom(namesOf(400))).not.toThrow();
  expect(() => progress.assertRoom(namesOf(600))).toThrow("Order snapshots of fewer tables");
});
