import { expect, test } from "vitest";
import { filesOfOneName, knownFiles } from "../../../../reader/transactions/known-files.ts";

/** A server whose files have no transactions, so none is missing between two files. */
const EMPTY = {
  isSubset: () => Promise.resolve(true),
  gtidsBefore: () => Promise.resolve(""),
};

const proven = async (...files: string[]): Promise<string[]> => [
  ...(await knownFiles(files, true, EMPTY)).proven,
];

test("a file can be proven to follow although numbers between are missing", async () => {
  expect(await proven("bin.000009", "bin.000010", "bin.000042", "bin.000043")).toEqual([
    "bin.000042",
  ]);
  expect((await knownFiles(["bin.000009", "bin.000042"], false, EMPTY)).proven).toEqual(new Set());
});

// Otherwise positions would repeat, and the route function would drop new changes as repeats.
test("a file with another base name or a lower number is not proven to follow", async () => {
  expect(await proven("bin.000017", "moved.000001")).toEqual([]);
  expect(await proven("bin.000017", "moved.000042")).toEqual([]);
  expect(await proven("bin.000017", "bin.000003")).toEqual([]);
});

test("positions are compared only in the files before the binlog moved to another base name", () => {
  expect(filesOfOneName(["bin.000017", "bin.000018", "moved.000001", "moved.000018"])).toEqual([
    "bin.000017",
    "bin.000018",
  ]);
  expect(filesOfOneName(["bin.000017", "bin.000042"])).toEqual(["bin.000017", "bin.000042"]);
  expect(filesOfOneName([])).toEqual([]);
});
