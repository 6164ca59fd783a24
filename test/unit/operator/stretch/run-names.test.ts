import { expect, test } from "vitest";
import { runNames } from "../../../../operator/stretch/run-names.ts";
import { runBeginning } from "../../../../reader/transactions/server-run.ts";
import { binlogFileNumber } from "../../../../wire/binlog-file.ts";

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

/** The names in a stretch from `file` on, when the reader is in `readerFile`. */
function names(file: string, readerFile: string, files = FILES): ReturnType<typeof runNames> {
  const offset = { file: readerFile, run: READERS };
  return runNames({ offset, state: { files }, isSameLife: true }, file, {
    latest: (some) => {
      const began = some.findLast((each) => BEGAN.has(each));
      return Promise.resolve(
        began === undefined
          ? null
          : { fileNumber: binlogFileNumber(began), startedS: BEGAN.get(began) ?? 0 },
      );
    },
  });
}

test("the reader's run has the reader's name, and other runs that of their beginning", async () => {
  expect((await names("bin.000005", "bin.000006")).first).toBe(READERS);
  const { first, of } = await names("bin.000004", "bin.000006");
  expect(first).toBe(runBeginning(100, 3));
  expect(of(runBeginning(200, 5))).toBe(READERS);
  expect(of(runBeginning(100, 3))).toBe(runBeginning(100, 3));
});

test("a run that began in a purged file is the reader's, or has no name", async () => {
  expect((await names("bin.000001", "bin.000002")).first).toBe(READERS);
  expect((await names("bin.000001", "bin.000006")).first).toBe(0);
});

test("a run under another base name is not the reader's", async () => {
  expect((await names("bin.000001", "moved.000002", MOVED)).first).toBe(0);
  expect((await names("moved.000002", "bin.000002", MOVED)).first).toBe(runBeginning(300, 1));
});
