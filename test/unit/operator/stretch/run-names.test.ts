import { expect, test } from "vitest";
import { isUnreadRun, type RunNames, runNames } from "../../../../operator/stretch/run-names.ts";
import type { OwnRuns } from "../../../../reader/offsets/own-runs.ts";
import { runBeginning } from "../../../../reader/transactions/server-run.ts";
import { binlogFileNumber } from "../../../../wire/binlog-file.ts";
import { foreignRun } from "../../../../wire/session.ts";

/** The name of the run in which the reader has begun to read. */
const READERS = 7;
/** The starts of the server, by the files that they began. */
const BEGAN = new Map([
  ["bin.000003", 100],
  ["bin.000005", 200],
  ["moved.000001", 300],
]);
const FILES = ["bin.000001", "bin.000002", "bin.000003", "bin.000004", "bin.000005", "bin.000006"];
const MOVED = [...FILES, "moved.000001", "moved.000002"];

const PLACE = { fileNumber: 5, offset: 4 };

function firstOf({ first, of }: RunNames): number {
  return of(first, PLACE);
}

/** The names in a stretch from `file` on, when the reader is in `readerFile`. */
function names(
  file: string,
  readerFile: string,
  files = FILES,
  ownRuns?: OwnRuns,
): ReturnType<typeof runNames> {
  const offset = { file: readerFile, offset: 4, isExact: true, run: READERS, ownRuns };
  return runNames(
    { offset, state: { files }, isSameLife: true },
    { file },
    {
      latest: (some) => {
        const began = some.findLast((each) => BEGAN.has(each));
        return Promise.resolve(
          began === undefined
            ? null
            : { fileNumber: binlogFileNumber(began), startedS: BEGAN.get(began) ?? 0 },
        );
      },
    },
  );
}

test("the reader's run has the reader's name, and other runs that of their beginning", async () => {
  expect(firstOf(await names("bin.000005", "bin.000006"))).toBe(READERS);
  const { first, of } = await names("bin.000004", "bin.000006");
  expect(of(first, PLACE)).toBe(runBeginning(100, 3));
  expect(of(runBeginning(200, 5), PLACE)).toBe(READERS);
  expect(of(runBeginning(100, 3), PLACE)).toBe(runBeginning(100, 3));
});

test("a run that began in a purged file is the reader's, or has no name", async () => {
  expect(firstOf(await names("bin.000001", "bin.000002"))).toBe(READERS);
  expect(firstOf(await names("bin.000001", "bin.000006"))).toBe(0);
});

test("a run under another base name is not the reader's", async () => {
  expect(firstOf(await names("bin.000001", "moved.000002", MOVED))).toBe(0);
  expect(firstOf(await names("moved.000002", "bin.000002", MOVED))).toBe(runBeginning(300, 1));
});

test("in a life behind a gap, runs have this life's names behind it, and names without records before it", async () => {
  const own = { second: 50, file: "bin.000004", offset: 900 };
  const { of } = await names("bin.000003", "bin.000006", FILES, own);
  const [earlier, later] = [runBeginning(100, 3), runBeginning(200, 5)];
  expect(of(earlier, { fileNumber: 4, offset: 900 })).toBe(runBeginning(50, 3));
  expect(of(later, { fileNumber: 5, offset: 4 })).toBe(READERS);
  const before = of(earlier, { fileNumber: 4, offset: 899 });
  expect(isUnreadRun(before)).toBe(true);
  expect(of(later, { fileNumber: 4, offset: 899 })).not.toBe(before);
  expect([earlier, later, 0].some(isUnreadRun)).toBe(false);
  // The process list must not be asked about another server's thread ids.
  for (const offset of [899, 900])
    expect(of(foreignRun(77), { fileNumber: 4, offset })).toBe(foreignRun(77));
});

test("under the former base name nothing was read in a life that began behind a gap under the next one", async () => {
  const own = { second: 50, file: "moved.000001", offset: 900 };
  const { of } = await names("bin.000005", "moved.000002", MOVED, own);
  expect(isUnreadRun(of(runBeginning(200, 5), { fileNumber: 6, offset: 4 }))).toBe(true);
});

test("no record is used where reading starts behind what the reader has read, and the process list is", async () => {
  const server = {
    offset: { file: "bin.000004", offset: 99, isExact: true, run: READERS, ownRuns: undefined },
    state: { files: FILES },
    isSameLife: true,
  };
  const beginnings = { latest: async () => ({ startedS: 100, fileNumber: 3 }) };
  const ofAt = async (offset: number) =>
    (await runNames(server, { file: "bin.000004", offset }, beginnings)).of(
      runBeginning(100, 3),
      PLACE,
    );
  expect(await ofAt(99)).toBe(READERS);
  const ahead = await ofAt(100);
  expect(ahead).toBeGreaterThan(runBeginning(2 ** 32 - 1, 0));
  expect(isUnreadRun(ahead)).toBe(false);
});

test("no record is used while the reader has not begun where it was ordered to, or in another binlog", async () => {
  const beginnings = { latest: async () => ({ startedS: 100, fileNumber: 3 }) };
  const offset = {
    file: "bin.000004",
    offset: 99,
    isExact: true,
    run: READERS,
    ownRuns: undefined,
  };
  for (const saved of [null, offset]) {
    const server = { offset: saved, state: { files: FILES }, isSameLife: false };
    const { of } = await runNames(server, { file: "bin.000004" }, beginnings);
    expect(of(runBeginning(100, 3), PLACE)).toBeGreaterThan(runBeginning(2 ** 32 - 1, 0));
    expect(of(foreignRun(77), PLACE)).toBe(foreignRun(77));
  }
});
