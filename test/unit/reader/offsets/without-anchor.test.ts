import { describe, expect, test } from "vitest";
import type { Beginning } from "../../../../reader/offsets/beginning.ts";
import type { BinlogEvidence } from "../../../../reader/offsets/evidence.ts";
import type { Offset } from "../../../../reader/offsets/offset.ts";
import { isSameBinlog, resume } from "../../../../reader/offsets/resume-offset.ts";
import { HistoryMismatchError, SourceSettingError } from "../../../../reader/reporting/errors.ts";
import type { ServerState } from "../../../../reader/source/server-state.ts";
import type { Anchor } from "../../../../reader/transactions/transaction.ts";

const UUID = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
const SET = `${UUID}:1-50`;
const state: ServerState = {
  uuid: UUID,
  serverId: 1,
  version: "9.7.0",
  gtids: true,
  gtidExecuted: `${UUID}:1-100`,
  gtidPurged: "",
  logsReplicated: true,
  file: "bin.000009",
  offset: 4711,
  oldestFile: "bin.000003",
  fileSizes: new Map(),
  firstWrittenFile: null,
  files: ["bin.000003", "bin.000005", "bin.000009"],
  lowerCaseNames: false,
  retention: null,
};
/** What the first release saved. */
const saved: Offset = {
  epoch: 1,
  life: null,
  server: UUID,
  run: 3,
  gtidSet: SET,
  file: "bin.000005",
  offset: 99,
  isExact: true,
  anchor: null,
  lanes: new Map([[0, "p"]]),
  laneCount: null,
  keptXa: [],
  committedMs: 1_795_000_000_000,
};
const READ_US = saved.committedMs * 1000;
/** A server that has the same binlog as before. */
const same: BinlogEvidence = {
  isSubset: async (subset, set) => lastOf(subset) <= lastOf(set),
  subtract: async () => "",
  replication: async () => ({ received: "", isReceiving: false }),
  stands: () => expect.fail("there is no anchor"),
  eventAt: async () => null,
  hasAnonymous: async () => false,
  lastGtidIn: async () => null,
  findBetween: () => expect.fail("only an ordered start looks there"),
  lastCommitBefore: () => expect.fail("the file is old enough"),
  find: async (gtid) => ({ file: "", start: 4, begunS: null, gtid, committedUs: READ_US }),
  beginningOf: async (file) => begun(file, READ_US / 1e6 - 60),
  gtidsBefore: async () => SET,
};

function lastOf(set: string): number {
  return Number(/(\d+)$/.exec(set)?.[1] ?? 0);
}

/** The numbers of a set of one source. */
function numbersOf(set: string): Set<number> {
  const ranges = set === "" ? [] : set.slice(UUID.length + 1).split(":");
  return new Set(
    ranges.flatMap((range) => {
      const [from = 0, to = from] = range.split("-").map(Number);
      return Array.from({ length: to - from + 1 }, (_, index) => from + index);
    }),
  );
}

function begun(file: string, begunS: number) {
  return { file, start: 4, begunS, gtid: null, committedUs: 0 };
}

/** Each GTID's commit time, milliseconds after the saved one. */
function committed(laterMs: (number: number) => number): BinlogEvidence {
  return {
    ...same,
    find: async (gtid) => {
      const committedUs = READ_US + laterMs(lastOf(gtid)) * 1000;
      return { file: "", start: 4, begunS: null, gtid, committedUs };
    },
  };
}

const CONFIRMED = new Set(["HistoryMismatchError"]);

/** Confirms an offset, and starts twice more before anything was read. Returns the beginning. */
async function expectStaysConfirmed(
  offset: Offset,
  server: ServerState,
  evidence: BinlogEvidence,
): Promise<Beginning> {
  await expect(resume(offset, server, evidence)).rejects.toBeInstanceOf(HistoryMismatchError);
  const begin = await resume(offset, server, evidence, CONFIRMED);
  const stands = async (anchor: Anchor): Promise<boolean> => {
    const { begunS } = (await evidence.beginningOf(anchor.file)) ?? {};
    return anchor.start === 4 && anchor.begunS === begunS;
  };
  expect(await resume(begin.offset, server, { ...evidence, stands })).toEqual(begin);
  return begin;
}

/** The server would answer only after it has executed the GTID. */
function neverFound(): never {
  return expect.fail("searched for a GTID that was not executed");
}

const plain = { ...saved, gtidSet: null };
const off = { ...state, gtids: false };
const younger = {
  ...same,
  beginningOf: async (file: string) => begun(file, READ_US / 1e6 + 60),
  lastCommitBefore: async () => null,
};

/** `before`: the last commit in each file, milliseconds after the saved one. */
const preparedFirst = (before: Record<string, number>): BinlogEvidence => ({
  ...younger,
  lastCommitBefore: async (file, offset) => {
    expect(offset).toBe(file === plain.file ? plain.offset : Infinity);
    const laterMs = before[file];
    return laterMs === undefined ? null : READ_US + laterMs * 1000 + 999;
  },
});

describe("an offset of an earlier release, which has no anchor", () => {
  test("continues in its life where exactly its GTIDs were executed before its position", async () => {
    expect(await resume(saved, state, same)).toMatchObject({
      start: { kind: "gtid", gtidSet: SET },
      offset: { epoch: 1, life: null, lanes: saved.lanes },
      isResumed: true,
    });
  });

  test.each([`${UUID}:1-49`, `${UUID}:1-51`])(
    "begins a new life behind its GTIDs where %s were executed before its position",
    async (executed) => {
      const begin = await resume(saved, state, { ...same, gtidsBefore: async () => executed });
      expect(begin).toMatchObject({
        start: { kind: "gtid", gtidSet: SET },
        offset: { lanes: saved.lanes },
        isResumed: false,
      });
      expect(begin.offset.epoch).toBeGreaterThan(1);
      expect(begin.offset.life).not.toBeNull();
    },
  );

  describe("where a prepared XA transaction held its position back", () => {
    const held = { ...saved, gtidSet: `${UUID}:1-40:42-50` };
    const prepared = (number: number): BinlogEvidence => ({
      ...same,
      isSubset: async (subset, set) =>
        [...numbersOf(subset)].every((each) => numbersOf(set).has(each)),
      gtidsBefore: async () => `${UUID}:1-40`,
      eventAt: async (file, start) => ({
        file,
        start,
        begunS: null,
        gtid: `${UUID}:${number}`,
        committedUs: 0,
      }),
    });

    test("continues in its life", async () => {
      expect(await resume(held, state, prepared(41))).toMatchObject({
        start: { kind: "gtid", gtidSet: held.gtidSet },
        offset: { epoch: 1, life: null, file: held.file, offset: held.offset },
        isResumed: true,
      });
    });

    test("begins a new life where another transaction is at its position, or none", async () => {
      const none = { ...prepared(41), eventAt: async () => null };
      for (const evidence of [prepared(42), none])
        expect(await resume(held, state, evidence)).toMatchObject({ isResumed: false });
      const early = { ...prepared(41), gtidsBefore: async () => `${UUID}:1-41` };
      expect(await resume(held, state, early)).toMatchObject({ isResumed: false });
    });

    test("stops where the server has not executed the later transactions", async () => {
      const behind = { ...state, gtidExecuted: `${UUID}:1-45` };
      await expect(resume(held, behind, prepared(41))).rejects.toBeInstanceOf(HistoryMismatchError);
    });
  });

  test("begins a new life where its position lies beyond the end of the binlog", async () => {
    const short = { ...state, file: saved.file, offset: saved.offset - 1 };
    expect(await resume(saved, short, same)).toMatchObject({ isResumed: false });
    const whole = { ...short, offset: saved.offset };
    expect(await resume(saved, whole, same)).toMatchObject({ isResumed: true });
  });

  test("stops where transactions without a GTID follow that a dump behind its GTIDs would pass over", async () => {
    const hides = {
      ...same,
      hasAnonymous: async (file: string, offset: number) =>
        file === saved.file && offset <= saved.offset,
    };
    await expect(resume(saved, state, hides)).rejects.toMatchObject({
      name: "AnonymousTransactionsError",
    });
  });

  test("stops where the server has not executed its GTIDs, without searching for them", async () => {
    const behind = { ...state, gtidExecuted: `${UUID}:1-40` };
    const before = { ...same, find: neverFound, gtidsBefore: async () => `${UUID}:1-40` };
    await expect(resume(saved, behind, before)).rejects.toBeInstanceOf(HistoryMismatchError);
  });

  describe("when the server's last transaction of its GTIDs was committed later than all that was read", () => {
    // Restored to GTID 40; 41 to 50 were used again.
    const again = committed((number) => (number > 40 ? 2000 + number : number - 50));

    test("stops, until an operator confirms the history", async () => {
      await expect(resume(saved, state, again)).rejects.toMatchObject({
        name: "HistoryMismatchError",
        message: expect.stringContaining(`under the GTID ${UUID}:50`),
      });
      expect(await resume(saved, state, again, CONFIRMED)).toMatchObject({
        isResumed: true,
      });
    });

    test("continues at each restart, until something was read, when an operator has confirmed it", async () => {
      const begin = await expectStaysConfirmed(saved, state, again);
      // This position was proven by the GTIDs executed before it.
      expect(begin.start).toEqual({ kind: "file", file: saved.file, offset: saved.offset });
      // The history has changed since.
      const changed = committed((number) => (number > 40 ? 4000 + number : number - 50));
      await expect(
        resume(begin.offset, state, { ...changed, stands: async () => true }),
      ).rejects.toBeInstanceOf(HistoryMismatchError);
    });

    test("is not in the binlog that was read, for the operator's commands", async () => {
      expect(await isSameBinlog(saved, state, same)).toBe(true);
      expect(await isSameBinlog(saved, state, again)).toBe(false);
    });

    test("continues where it has the last transaction that was read, under another tag", async () => {
      const tagged = { ...saved, gtidSet: `${UUID}:1-50:app:1-7` };
      // The clock was set back.
      const setBack = {
        ...committed((number) => (number === 50 ? 60_000 : 0)),
        isSubset: async () => true,
      };
      expect(await resume(tagged, state, setBack)).toMatchObject({ isResumed: true });
    });

    test("continues where nothing was read yet, or the transaction's log is gone", async () => {
      const unread = { ...saved, committedMs: 0 };
      expect(await resume(unread, state, again)).toMatchObject({ isResumed: true });
      const gone = { ...same, find: async () => null };
      expect(await resume(saved, state, gone)).toMatchObject({ isResumed: true });
    });
  });

  describe("without GTIDs", () => {
    test("continues at file and offset", async () => {
      expect(await resume(plain, off, same)).toMatchObject({
        start: { kind: "file", file: "bin.000005", offset: 99 },
        isResumed: true,
      });
    });

    test("stops where its file is younger than what was read in it, until an operator confirms the history", async () => {
      await expect(resume(plain, off, younger)).rejects.toBeInstanceOf(HistoryMismatchError);
      expect(await resume(plain, off, younger, CONFIRMED)).toMatchObject({
        isResumed: true,
      });
      // gtid_mode was switched off.
      await expect(resume(saved, off, younger)).rejects.toBeInstanceOf(SourceSettingError);
    });

    describe("where an XA transaction was prepared at its position, before a commit was read in its file", () => {
      test("continues if the last commit that was read is the last transaction before it", async () => {
        expect(await resume(plain, off, preparedFirst({ "bin.000003": 0 }))).toMatchObject({
          start: { kind: "file", file: "bin.000005", offset: 99 },
          offset: { epoch: 1, life: null },
          isResumed: true,
        });
      });

      test("stops if another transaction is the last one before it, or none", async () => {
        for (const before of [
          { "bin.000003": 0, "bin.000005": 60_000 },
          { "bin.000003": 1 },
          { "bin.000009": 0 },
        ])
          await expect(resume(plain, off, preparedFirst(before))).rejects.toBeInstanceOf(
            HistoryMismatchError,
          );
      });
    });

    test("continues where nothing was read in its file yet", async () => {
      for (const unread of [
        { ...plain, offset: 4 },
        { ...plain, committedMs: 0, lanes: new Map() },
      ])
        expect(await resume(unread, off, younger)).toMatchObject({ isResumed: true });
    });

    test("stops where changes were sent but no commit time was saved, until an operator confirms the history", async () => {
      const sent = { ...plain, committedMs: 0 };
      await expect(resume(sent, off, same)).rejects.toMatchObject({
        name: "HistoryMismatchError",
        message: expect.stringContaining("may have been reset"),
      });
      expect(await resume(sent, off, same, CONFIRMED)).toMatchObject({ isResumed: true });
    });

    test("continues at each restart, until something was read, when an operator has confirmed it", async () => {
      for (const [sent, evidence] of [
        [{ ...plain, committedMs: 0 }, same],
        [plain, younger],
      ] as const) {
        const { offset } = await expectStaysConfirmed(sent, off, evidence);
        const reset = { ...evidence, stands: async () => false };
        await expect(resume(offset, off, reset)).rejects.toBeInstanceOf(HistoryMismatchError);
        // gtid_mode was switched on meanwhile.
        await expectStaysConfirmed(sent, state, evidence);
      }
    });

    test("stops where its position lies beyond the end of the binlog, even if an operator confirms the history", async () => {
      const short = { ...off, file: plain.file, offset: plain.offset - 1 };
      await expect(resume(plain, short, same, CONFIRMED)).rejects.toBeInstanceOf(
        HistoryMismatchError,
      );
    });
  });
});
