import { expect, test } from "vitest";
import type { StartPoint } from "../../../../config/start-point.ts";
import type { BinlogEvidence } from "../../../../reader/offsets/evidence.ts";
import { findBeginning } from "../../../../reader/offsets/find-beginning.ts";
import type { OwnRuns } from "../../../../reader/offsets/own-runs.ts";
import type { ServerState } from "../../../../reader/source/server-state.ts";
import type { Anchor } from "../../../../reader/transactions/transaction.ts";

const FILE = "bin.000003";
const state: ServerState = {
  uuid: "server",
  serverId: 1,
  version: "9.7.0",
  gtids: false,
  gtidExecuted: "900",
  gtidPurged: "0",
  logsReplicated: true,
  file: FILE,
  offset: 900,
  oldestFile: FILE,
  fileSizes: new Map(),
  firstWrittenFile: null,
  files: [FILE],
  lowerCaseNames: false,
  retention: null,
};
const lastRead: Anchor = { file: FILE, start: 500, begunS: null, gtid: null, committedUs: 7 };
const unused = () => expect.fail("the start needs no other evidence");

const refused = async () => Promise.reject(Object.assign(new Error("refused"), { errno: 1236 }));

interface Order {
  /** The source was never read. */
  readonly isFirst?: boolean;
  readonly lastRead?: Anchor | null;
  readonly start?: StartPoint;
  readonly isPast?: boolean;
  readonly readSet?: string;
  readonly ownRuns?: OwnRuns;
}

/** The runs with names of their own after an order. `stands`: of the last transaction. */
async function ownRunsAfter(
  { start = { kind: "file", file: FILE, offset: 4 }, isFirst = false, ...order }: Order,
  stands: BinlogEvidence["stands"] = async () => true,
): Promise<OwnRuns | undefined> {
  const newStart = {
    epoch: 9,
    life: null,
    lanes: new Map<number, string>(),
    laneCount: 1,
    names: undefined,
    keptXa: [],
    isPast: false,
    readSet: null,
    ownRuns: undefined,
    lastRead,
    start,
    ...order,
  };
  const loaded = {
    offset: null,
    newStart: isFirst ? null : newStart,
    vouched: new Set<string>(),
    stop: null,
    lease: null,
  };
  const { offset } = await findBeginning({
    store: { load: async () => loaded, madeMs: async () => 1 },
    start: { kind: "now" },
    state: { ...state, gtids: order.readSet !== undefined },
    evidence: {
      stands,
      beginningOf: async (file) => ({ file, start: 4, begunS: 1, gtid: null, committedUs: 0 }),
      // A set is the number of the transactions in it.
      isSubset: async (subset, set) => Number(subset) <= Number(set),
      gtidsBefore: async (_file, end) => String(end),
      find: async () => null,
      subtract: unused,
      replication: unused,
      eventAt: unused,
      findBetween: unused,
      lastCommitBefore: unused,
      hasAnonymous: unused,
      lastGtidIn: unused,
    },
  });
  expect(offset.run).toBeNull();
  return offset.ownRuns;
}

const at = (offset: number): StartPoint => ({ kind: "file", file: FILE, offset });

test("a run that was read up to an ordered start keeps its name", async () => {
  expect(await ownRunsAfter({})).toBeUndefined();
  expect(await ownRunsAfter({ start: at(lastRead.start) })).toBeUndefined();
  expect(await ownRunsAfter({ start: at(700), readSet: "700" })).toBeUndefined();
  expect(await ownRunsAfter({ start: { kind: "now" }, readSet: "900" })).toBeUndefined();
});

test("behind a gap, the runs that had begun before have names of their own", async () => {
  const own = { second: expect.any(Number), file: FILE };
  expect(await ownRunsAfter({ start: at(700) })).toEqual({ ...own, offset: 700 });
  expect(await ownRunsAfter({ start: at(700), readSet: "699" })).toEqual({ ...own, offset: 700 });
  expect(await ownRunsAfter({ start: { kind: "now" } })).toEqual({ ...own, offset: 900 });
});

test("the transaction that is left out may be a registration", async () => {
  const start = { kind: "gtid", gtidSet: "600" } as const;
  const end = { second: expect.any(Number), file: FILE, offset: 900 };
  expect(await ownRunsAfter({ start, readSet: "600" })).toBeUndefined();
  expect(await ownRunsAfter({ start, readSet: "599", isPast: true })).toEqual(end);
  const ownRuns = { second: 7, file: FILE, offset: 300 };
  expect(await ownRunsAfter({ start, readSet: "599", isPast: true, ownRuns })).toEqual(end);
});

test("the sessions table may be older than a source that was never read", async () => {
  const end = { second: expect.any(Number), file: FILE, offset: 900 };
  expect(await ownRunsAfter({ isFirst: true })).toEqual(end);
});

test("names of a run's own hold where they were given, and not before", async () => {
  const ownRuns = { second: 7, file: FILE, offset: 300 };
  expect(await ownRunsAfter({ ownRuns, start: at(400) })).toEqual(ownRuns);
  expect(await ownRunsAfter({ ownRuns, start: at(200) })).toMatchObject({ offset: 200 });
  expect(await ownRunsAfter({ ownRuns, start: at(700) })).toMatchObject({ offset: 700 });
  const present = { ...ownRuns, second: 2 ** 32 };
  expect(await ownRunsAfter({ ownRuns: present, start: at(700) })).toMatchObject({
    second: 2 ** 32 + 1,
  });
});

test("on a server that may have been put back, the runs have names of their own", async () => {
  const own = { second: expect.any(Number), file: FILE, offset: 4 };
  expect(await ownRunsAfter({}, async () => false)).toEqual(own);
  expect(await ownRunsAfter({ lastRead: null }, unused)).toEqual(own);
});

test("an ordered start leads past what cannot be read", async () => {
  expect(await ownRunsAfter({}, refused)).toMatchObject({ file: FILE, offset: 4 });
});
