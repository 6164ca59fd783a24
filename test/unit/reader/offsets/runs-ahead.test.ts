import { expect, test, vi } from "vitest";
import { runsAhead } from "../../../../reader/offsets/runs-ahead.ts";
import type { DumpStart } from "../../../../reader/source/binlog-dump.ts";
import type { OwnRuns } from "../../../../reader/offsets/own-runs.ts";
import { RunBeginnings } from "../../../../reader/offsets/run-beginnings.ts";
import { runBeginning } from "../../../../reader/transactions/server-run.ts";
import { binlogFileNumber } from "../../../../wire/binlog-file.ts";

const OFFSET_RUN = 7;
const GTIDS = { kind: "gtid", gtidSet: "all before the dump" } as const;

const numbered = (base: string, from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, i) => `${base}.${String(from + i).padStart(6, "0")}`);

/** Beginnings of runs that answer from memory; `asked` are the files that were asked about. */
class KnownBeginnings extends RunBeginnings {
  readonly asked: string[] = [];
  readonly #began: ReadonlyMap<string, number>;

  constructor(began: Readonly<Record<string, number>>) {
    super(
      { connection: {}, serverId: 1, serverUuid: "", silenceMs: 1 },
      { fileSizes: new Map(), gtids: true, gtidExecuted: "" },
    );
    this.#began = new Map(Object.entries(began));
  }

  override among(files: readonly string[]): Promise<Map<number, number>> {
    this.asked.push(...files);
    const found = files.filter((file) => this.#began.has(file));
    return Promise.resolve(
      new Map(found.map((file) => [binlogFileNumber(file), this.#began.get(file) ?? 0])),
    );
  }
}

interface AheadOptions {
  /** The file with which a dump by GTIDs begins. */
  readonly first?: string;
  readonly run?: number | null;
  readonly ownRuns?: OwnRuns;
  /** See `firstWrittenFile` in reader/source/written-files.ts. */
  readonly written?: string | null;
}

function ahead(
  files: readonly string[],
  start: DumpStart,
  file: string,
  beginnings: KnownBeginnings,
  { first = file, run = OFFSET_RUN, written = null, ownRuns }: AheadOptions = {},
): ReturnType<typeof runsAhead> {
  return runsAhead(
    { start, offset: { run, file, ownRuns } },
    { files, firstWrittenFile: written },
    {
      gtidsBefore: (each) => Promise.resolve(each),
      isSubset: (each) => Promise.resolve(files.indexOf(each) <= files.indexOf(first)),
    },
    beginnings,
  );
}

test("in a dump by file the run of the offset goes on until a file in which one began", async () => {
  const files = numbered("bin", 1, 9);
  const beginnings = new KnownBeginnings({ "bin.000002": 100, "bin.000007": 200 });
  const start = { kind: "file", file: "bin.000004", offset: 500 } as const;
  expect(await ahead(files, start, "bin.000004", beginnings)).toEqual({
    run: OFFSET_RUN,
    // Each file's first event says so in such a dump.
    runBeginnings: new Map(),
    nameOf: expect.any(Function),
    presentRunFile: 7,
    isMoved: false,
  });
  expect(new Set(beginnings.asked)).toEqual(new Set(files.slice(6)));
});

test("a run that is not known yet has the name by which it is known in every life", async () => {
  const files = numbered("bin", 1, 9);
  const start = { kind: "file", file: "bin.000004", offset: 500 } as const;
  const began = new KnownBeginnings({ "bin.000002": 100, "bin.000006": 200 });
  const runs = await ahead(files, start, start.file, began, { run: null });
  expect(runs.run).toBe(runBeginning(100, 2));
});

test("in a life behind a gap, the runs that began before it have names of their own", async () => {
  const files = numbered("bin", 1, 9);
  const began = { "bin.000002": 100, "bin.000006": 200, "bin.000008": 300 };
  const ownRuns = { second: 50, file: "bin.000006", offset: 900 };
  const runs = async (start: DumpStart, run: number | null) =>
    ahead(files, start, "bin.000004", new KnownBeginnings(began), { run, ownRuns });
  for (const start of [GTIDS, { kind: "file", file: "bin.000004", offset: 500 } as const]) {
    const { run, nameOf } = await runs(start, null);
    expect(run).toBe(runBeginning(50, 2));
    expect(nameOf(runBeginning(200, 6))).toBe(runBeginning(50, 6));
    expect(nameOf(runBeginning(300, 8))).toBe(runBeginning(300, 8));
  }
  const file = { kind: "file", file: "bin.000004", offset: 500 } as const;
  expect(await runs(file, OFFSET_RUN)).toMatchObject({ run: OFFSET_RUN });
});

/** The name at this time, seconds since 1970, of a run whose beginning is purged. */
async function unknownRunAt(second: number): Promise<number> {
  vi.setSystemTime(second * 1000);
  const start = { kind: "file", file: "bin.000004", offset: 500 } as const;
  const files = numbered("bin", 3, 9);
  return (await ahead(files, start, start.file, new KnownBeginnings({}), { run: null })).run;
}

test("a run whose beginning is purged has a name of its own at each start", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  try {
    expect(await unknownRunAt(1_790_000_000)).not.toBe(await unknownRunAt(1_790_000_001));
  } finally {
    vi.useRealTimers();
  }
});

test("in a dump by GTIDs the run at its first file is found in the files before", async () => {
  const files = numbered("bin", 1, 9);
  const beginnings = new KnownBeginnings({ "bin.000002": 100, "bin.000004": 200 });
  expect(await ahead(files, GTIDS, "bin.000001", beginnings, { first: "bin.000007" })).toEqual({
    run: runBeginning(200, 4),
    runBeginnings: new Map(),
    nameOf: expect.any(Function),
    presentRunFile: 7,
    isMoved: false,
  });
});

test("a run that began long before a dump by GTIDs has the offset's new name", async () => {
  const files = numbered("bin", 1, 100);
  const beginnings = new KnownBeginnings({ "bin.000002": 100 });
  const runs = await ahead(files, GTIDS, "bin.000001", beginnings, { first: "bin.000090" });
  expect(runs).toMatchObject({ run: OFFSET_RUN, presentRunFile: 90 });
  expect(new Set(beginnings.asked).size).toBeLessThan(50);
});

test.each([
  ["bin.000006", 6, ["bin.000006"]],
  // The server's process may have written earlier ones, too, and not all bytes were counted.
  ["bin.000008", 6, ["bin.000006", "bin.000007", "bin.000008"]],
  ["bin.000003", 4, []],
] as const)(
  "in a dump by file only the files up to %s, which the server has written, are asked",
  async (written, presentRunFile, asked) => {
    const files = numbered("bin", 1, 9);
    const start = { kind: "file", file: "bin.000004", offset: 500 } as const;
    const beginnings = new KnownBeginnings({ "bin.000002": 100, "bin.000006": 200 });
    const runs = await ahead(files, start, start.file, beginnings, { written });
    expect(runs).toMatchObject({ run: OFFSET_RUN, presentRunFile, isMoved: false });
    expect(beginnings.asked.toSorted()).toEqual(asked);
  },
);

test("in a dump by GTIDs only the files up to the first one of the present run are asked", async () => {
  const files = numbered("bin", 1, 9);
  const began = { "bin.000002": 100, "bin.000006": 200 };
  const read = async (first: string, written: string) => {
    const beginnings = new KnownBeginnings(began);
    const runs = await ahead(files, GTIDS, "bin.000001", beginnings, { first, written });
    return { ...runs, asked: new Set(beginnings.asked) };
  };
  expect(await read("bin.000003", "bin.000006")).toEqual({
    run: runBeginning(100, 2),
    runBeginnings: new Map([[6, 200]]),
    nameOf: expect.any(Function),
    presentRunFile: 6,
    isMoved: false,
    asked: new Set(files.slice(0, 6)),
  });
  expect(await read("bin.000009", "bin.000006")).toEqual({
    run: runBeginning(200, 6),
    runBeginnings: new Map(),
    nameOf: expect.any(Function),
    presentRunFile: 9,
    isMoved: false,
    asked: new Set(["bin.000006"]),
  });
});

test("the present run has the name that it has in every life, however long ago it began", async () => {
  const files = numbered("bin", 1, 100);
  const beginnings = new KnownBeginnings({ "bin.000002": 100 });
  const written = "bin.000002";
  const runs = await ahead(files, GTIDS, "bin.000001", beginnings, {
    first: "bin.000090",
    written,
  });
  expect(runs).toMatchObject({ run: runBeginning(100, 2), presentRunFile: 90 });
  expect(beginnings.asked).toEqual([written]);
});

test("a file behind the beginning of its run may be the first that is known to be written", async () => {
  const files = numbered("bin", 1, 9);
  const beginnings = new KnownBeginnings({ "bin.000002": 100 });
  const runs = await ahead(files, GTIDS, "bin.000001", beginnings, {
    first: "bin.000008",
    written: "bin.000005",
  });
  expect(runs).toMatchObject({ run: runBeginning(100, 2), presentRunFile: 8 });
});

test("files under another base name have no part in the runs that are read", async () => {
  const files = [...numbered("old", 1, 5), ...numbered("new", 1, 3)];
  const began = { "old.000003": 100, "new.000001": 200 };
  const start = { kind: "file", file: "old.000004", offset: 4 } as const;
  expect(await ahead(files, start, "old.000004", new KnownBeginnings(began))).toMatchObject({
    runBeginnings: new Map(),
    nameOf: expect.any(Function),
    presentRunFile: null,
    isMoved: true,
  });
  // A dump behind GTIDs may begin in the moved files, although the oldest ones are the former.
  expect(
    await ahead(files, GTIDS, "old.000001", new KnownBeginnings(began), { first: "new.000003" }),
  ).toEqual({
    run: runBeginning(200, 1),
    runBeginnings: new Map(),
    nameOf: expect.any(Function),
    presentRunFile: 3,
    isMoved: false,
  });
});
