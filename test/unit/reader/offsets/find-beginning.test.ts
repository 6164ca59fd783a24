import { expect, test } from "vitest";
import type { BinlogEvidence } from "../../../../reader/offsets/evidence.ts";
import { findBeginning } from "../../../../reader/offsets/find-beginning.ts";
import type { ServerState } from "../../../../reader/source/server-state.ts";
import type { Anchor } from "../../../../reader/transactions/transaction.ts";

const FILE = "bin.000003";
const state: ServerState = {
  uuid: "server",
  serverId: 1,
  version: "9.7.0",
  gtids: false,
  gtidExecuted: "",
  gtidPurged: "",
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

/** The run at an ordered start. `stands`: whether the last transaction is where it was read. */
async function runAtStart(read: Anchor | null, stands: BinlogEvidence["stands"]) {
  const newStart = {
    epoch: 9,
    life: null,
    lanes: new Map<number, string>(),
    laneCount: 1,
    names: undefined,
    keptXa: [],
    isPast: false,
    lastRead: read,
    start: { kind: "file", file: FILE, offset: 4 },
  } as const;
  const loaded = { offset: null, newStart, vouched: new Set<string>(), stop: null, lease: null };
  const { offset } = await findBeginning({
    store: { load: async () => loaded, madeMs: async () => 1 },
    start: { kind: "now" },
    state,
    evidence: {
      stands,
      beginningOf: async (file) => ({ file, start: 4, begunS: 1, gtid: null, committedUs: 0 }),
      isSubset: unused,
      subtract: unused,
      replication: unused,
      eventAt: unused,
      find: unused,
      findBetween: unused,
      lastCommitBefore: unused,
      hasAnonymous: unused,
      lastGtidIn: unused,
      gtidsBefore: unused,
    },
  });
  return offset.run;
}

test("an ordered start on the binlog that was read leaves the name of its run to be found", async () => {
  expect(await runAtStart(lastRead, async () => true)).toBeNull();
});

test("on a server that may have been put back, the run at an ordered start gets a name of its own", async () => {
  expect(await runAtStart(lastRead, async () => false)).toEqual(expect.any(Number));
  expect(await runAtStart(null, unused)).toEqual(expect.any(Number));
});

test("an ordered start leads past what cannot be read", async () => {
  expect(await runAtStart(lastRead, refused)).toEqual(expect.any(Number));
});
