import { describe, expect, test } from "vitest";
import type { Offset } from "../../../../reader/offsets/offset.ts";
import type { BinlogEvidence } from "../../../../reader/offsets/evidence.ts";
import { latestOf } from "../../../../reader/offsets/first-anchor.ts";
import { firstBeginning } from "../../../../reader/offsets/first-beginning.ts";
import { inTable, resume } from "../../../../reader/offsets/resume-offset.ts";
import {
  BinlogPurgedError,
  HistoryMismatchError,
  HistoryUnprovenError,
  SourceSettingError,
} from "../../../../reader/reporting/errors.ts";
import type { ServerState } from "../../../../reader/source/server-state.ts";
import { runBeginning } from "../../../../reader/transactions/server-run.ts";
import type { KeptXa } from "../../../../reader/transactions/transaction.ts";

const UUID = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
const state: ServerState = {
  uuid: UUID,
  serverId: 1,
  version: "9.7.0",
  gtids: true,
  gtidExecuted: `${UUID}:1-100`,
  gtidPurged: `${UUID}:1-10`,
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
const anchor = { file: "bin.000005", start: 50, begunS: null, gtid: `${UUID}:50`, committedUs: 7 };
const saved: Offset = {
  epoch: 3,
  life: "a-life",
  server: UUID,
  run: 3,
  gtidSet: `${UUID}:1-50`,
  file: "bin.000005",
  offset: 99,
  isExact: true,
  anchor,
  lanes: new Map([[0, "p"]]),
  laneCount: 1,
  keptXa: [],
  committedMs: 1,
};
const kept: KeptXa = {
  xid: "61-62-1",
  key: "xa/1",
  transaction: {
    gtid: `${UUID}:49`,
    file: "bin.000005",
    fileNumber: 5,
    start: 4,
    thread: 3,
    run: 3,
    serverId: 1,
    committedUs: 6,
  },
};
const life = { epoch: 9, life: "new" };
/** A server that still has the binlog of the saved offset. */
const same: BinlogEvidence = {
  isSubset: async () => true,
  subtract: async () => "",
  replication: async () => ({ received: "", isReceiving: false }),
  stands: async () => true,
  eventAt: async () => null,
  hasAnonymous: async () => false,
  lastGtidIn: async () => null,
  findBetween: () => expect.fail("only an ordered start looks there"),
  lastCommitBefore: () => expect.fail("the file is old enough"),
  find: async (gtid) => ({ ...anchor, gtid }),
  beginningOf: async (file) => ({ file, start: 4, begunS: 1, gtid: null, committedUs: 0 }),
  gtidsBefore: async () => `${UUID}:1-42`,
};
const reset: BinlogEvidence = { ...same, stands: async () => false };
const other = { ...state, uuid: "another" };
/** What an operator has confirmed. */
const UNPROVEN = new Set(["HistoryUnprovenError"]);
const READ_ALREADY = new Set(["AnonymousTransactionsError"]);
const ALL = new Set([...UNPROVEN, ...READ_ALREADY, "HistoryMismatchError"]);
const subset = (answers: Record<string, boolean>) => async (a: string) => answers[a] ?? true;
const LACKING = `${UUID}:43-50`;
/** A server that has not executed all that was read. */
const behind: BinlogEvidence = {
  ...same,
  isSubset: subset({ [saved.gtidSet ?? ""]: false, [LACKING]: false }),
  subtract: async () => LACKING,
};

describe("a first start", () => {
  test("at now begins at the end of the binlog, and knows its GTIDs", async () => {
    expect(await firstBeginning({ kind: "now" }, life, state, same)).toMatchObject({
      start: { kind: "file", file: "bin.000009", offset: 4711 },
      offset: {
        ...life,
        gtidSet: state.gtidExecuted,
        anchor: { file: "bin.000009", start: 4, begunS: 1, gtid: `${UUID}:100`, committedUs: 7 },
      },
    });
  });
  test("at the oldest log begins after what was purged", async () => {
    expect(await firstBeginning({ kind: "oldest" }, life, state, same)).toMatchObject({
      start: { kind: "file", file: "bin.000003", offset: 4 },
      offset: { gtidSet: state.gtidPurged },
    });
  });
  test("at a file and offset knows the GTIDs before it", async () => {
    const start = { kind: "file", file: "bin.000005", offset: 99 } as const;
    expect(await firstBeginning(start, life, state, same)).toMatchObject({
      start,
      offset: { gtidSet: `${UUID}:1-42` },
    });
    await expect(
      firstBeginning({ ...start, file: "bin.000001" }, life, state, same),
    ).rejects.toBeInstanceOf(BinlogPurgedError);
  });
  test("is refused where no dump can begin, and the error names places that lose nothing", async () => {
    const far = 2 ** 32;
    await expect(
      firstBeginning({ kind: "file", file: "bin.000005", offset: far }, life, state, same),
    ).rejects.toThrow(/^start is file:bin\.000005:4294967296: .* 4 GiB.*set --file bin\.000005:4`/);
    await expect(
      firstBeginning({ kind: "now" }, life, { ...state, offset: far }, same),
    ).rejects.toThrow(/^start is now: .* 4 GiB.*FLUSH BINARY LOGS/);
  });
  test("without GTIDs has a file's first event as its anchor", async () => {
    const plain = { ...state, gtids: false };
    expect(await firstBeginning({ kind: "now" }, life, plain, same)).toMatchObject({
      start: { kind: "file", file: "bin.000009", offset: 4711 },
      offset: { gtidSet: null, anchor: { start: 4 } },
    });
    await expect(
      firstBeginning({ kind: "gtid", gtidSet: "x" }, life, plain, same),
    ).rejects.toBeInstanceOf(SourceSettingError);
  });
});

describe("resuming on the server that was read", () => {
  test("continues at file and offset, in the same life", async () => {
    expect(await resume(saved, state, same)).toEqual({
      offset: saved,
      start: { kind: "file", file: "bin.000005", offset: 99 },
      isResumed: true,
    });
  });
  test("stops when the server has not executed what was read, although it has the last transaction", async () => {
    await expect(resume(saved, state, behind)).rejects.toBeInstanceOf(HistoryMismatchError);
  });
  test("accepts a file's beginning as proof only together with the latest GTID's transaction", async () => {
    const unread: Offset = { ...saved, anchor: { ...anchor, start: 4, begunS: 1 } };
    expect(await resume(unread, state, same)).toMatchObject({ isResumed: true });
    const purged = { ...same, find: async () => null };
    expect(await resume(unread, state, purged)).toMatchObject({ isResumed: true });
    // The server was restored to an earlier state and has assigned the same GTIDs again.
    const again = { ...same, find: async () => ({ ...anchor, committedUs: 8 }) };
    await expect(resume(unread, state, again)).rejects.toBeInstanceOf(HistoryMismatchError);
    await expect(resume(unread, state, behind)).rejects.toBeInstanceOf(HistoryMismatchError);
  });
  test("continues at file and offset whatever gtid_mode is now", async () => {
    expect(await resume(saved, { ...state, gtids: false }, same)).toMatchObject({
      start: { kind: "file" },
      isResumed: true,
    });
  });
  test("learns the GTIDs when the offset had none", async () => {
    expect(await resume({ ...saved, gtidSet: null }, state, same)).toMatchObject({
      offset: { gtidSet: `${UUID}:1-42` },
      start: { kind: "file" },
    });
  });
  test("stops when the server has another transaction where the last one was read", async () => {
    const changed = { ...reset, find: async () => ({ ...anchor, committedUs: 8 }) };
    await expect(resume(saved, state, changed)).rejects.toBeInstanceOf(HistoryMismatchError);
    await expect(resume({ ...saved, gtidSet: null }, state, reset)).rejects.toBeInstanceOf(
      HistoryMismatchError,
    );
  });
  test("stops when the logs that prove the history are gone, until an operator confirms it", async () => {
    const gone = { ...reset, find: async () => null };
    await expect(resume(saved, state, gone)).rejects.toBeInstanceOf(HistoryUnprovenError);
    const moved = { ...state, files: ["new.000001"], oldestFile: "new.000001" };
    const begin = await resume(saved, moved, gone, UNPROVEN);
    expect(begin).toMatchObject({
      start: { kind: "gtid", gtidSet: saved.gtidSet },
      offset: { lanes: saved.lanes, isExact: false, anchor: null },
      isResumed: false,
    });
    expect(begin.offset.epoch).toBeGreaterThan(saved.epoch);
    expect(begin.offset.life).not.toBe(saved.life);
  });
  test("continues in a new life when the last transaction is in another file", async () => {
    const names = { present: [], past: [] };
    expect((await resume({ ...saved, names }, state, reset)).offset.names).toBe(names);
    expect(await resume(saved, state, reset)).toMatchObject({
      start: { kind: "gtid", gtidSet: saved.gtidSet },
      isResumed: false,
    });
  });
  test("continues after the GTIDs when file and offset were not reached yet", async () => {
    expect(await resume({ ...saved, isExact: false }, state, same)).toMatchObject({
      start: { kind: "gtid" },
      isResumed: true,
    });
  });
  test("reads again from the last transaction before an offset that a dump cannot request", async () => {
    const far: Offset = { ...saved, offset: 2 ** 32, isSettled: true };
    // Other transactions may follow in the file, although the next one has begun.
    const next = { ...state, files: ["bin.000005", "bin.000006"] };
    for (const server of [state, next, { ...next, gtids: false }]) {
      const begin = await resume(far, server, same);
      expect(begin).toMatchObject({
        start: { kind: "file", file: "bin.000005", offset: anchor.start },
        offset: { ...saved, offset: anchor.start },
        isResumed: true,
      });
      // The lanes were sent more than that, so their number cannot change.
      expect(begin.offset.isSettled).toBeUndefined();
    }
  });
  test("reads a file again from its beginning when no transaction in it is known", async () => {
    const far: Offset = { ...saved, offset: 2 ** 32 };
    const beginning = { kind: "file", file: "bin.000005", offset: 4 };
    for (const elsewhere of [
      { ...anchor, file: "bin.000009" },
      { ...anchor, start: 2 ** 32 },
    ])
      expect(await resume({ ...far, anchor: elsewhere }, state, same)).toMatchObject({
        start: beginning,
        isResumed: true,
      });
  });
  test("stops without GTIDs at another transaction, even if an operator confirms the history", async () => {
    const plain = { ...saved, gtidSet: null, anchor: { ...anchor, gtid: null } };
    for (const vouched of [new Set<string>(), ALL])
      await expect(resume(plain, state, reset, vouched)).rejects.toBeInstanceOf(
        HistoryMismatchError,
      );
  });
});

describe("resuming in a restored offsets table", () => {
  const MADE_MS = 1_795_000_000_000;
  test("begins a new life at its offset, whose frames follow those of the former life", async () => {
    const begin = await resume({ ...saved, tableMadeMs: MADE_MS }, state, same);
    expect(inTable(begin, MADE_MS)).toEqual(begin);
    const copied = inTable(begin, MADE_MS + 1);
    expect(copied).toMatchObject({
      start: begin.start,
      offset: { file: saved.file, offset: saved.offset, lanes: saved.lanes },
      isResumed: false,
    });
    expect(copied.offset.tableMadeMs).toBe(MADE_MS + 1);
    expect(copied.offset.epoch).toBeGreaterThan(saved.epoch);
    expect(copied.offset.life).not.toBe(saved.life);
  });
  test("continues in the same life when an earlier release did not save when the table was created", async () => {
    const begin = await resume(saved, state, same);
    expect(inTable(begin, MADE_MS)).toEqual({
      ...begin,
      offset: { ...begin.offset, tableMadeMs: MADE_MS },
    });
  });
});

describe("resuming on another server", () => {
  test("gives the runs that had begun names of their own, because a part of them may have been read elsewhere", async () => {
    const anew = await resume(saved, other, reset);
    expect(anew.offset).toMatchObject({
      run: null,
      ownRuns: { second: expect.any(Number), file: "bin.000009", offset: 4711 },
    });
    const moved = await resume(saved, state, reset);
    expect(moved.offset).toMatchObject({ run: null, ownRuns: undefined });
    const { ownRuns } = anew.offset;
    for (const run of [null, runBeginning(ownRuns?.second ?? 0, 5)]) {
      const again = await resume({ ...saved, run, ownRuns }, state, reset);
      expect(again.offset.ownRuns).toMatchObject({ file: "bin.000009", offset: 4711 });
    }
    expect((await resume({ ...saved, ownRuns }, state, reset)).offset.ownRuns).toBeUndefined();
    expect((await resume({ ...saved, ownRuns }, state, same)).offset.ownRuns).toEqual(ownRuns);
  });
  test("begins a new life after the same GTIDs, and keeps the lanes' chain", async () => {
    const begin = await resume(saved, other, same);
    expect(begin).toMatchObject({
      start: { kind: "gtid", gtidSet: saved.gtidSet },
      offset: { server: "another", lanes: saved.lanes, isExact: false },
      isResumed: false,
    });
    expect(begin.offset.epoch).toBeGreaterThan(3);
  });
  test("keeps prepared XA transactions, and does not look up authors that are still unknown", async () => {
    const known = { user: "app", host: "h", attribution: "ledger" } as const;
    const transaction = { ...kept.transaction, author: known };
    const keptXa = [kept, { ...kept, transaction }];
    const { offset } = await resume({ ...saved, keptXa }, other, same);
    expect(offset.keptXa.map(({ transaction: { author } }) => author)).toEqual([null, known]);
  });
  test("stops when the last transaction differs or cannot be found", async () => {
    const changed = { ...same, find: async () => ({ ...anchor, committedUs: 8 }) };
    await expect(resume(saved, other, changed)).rejects.toBeInstanceOf(HistoryMismatchError);
    const gone = { ...same, find: async () => null };
    await expect(resume(saved, other, gone)).rejects.toBeInstanceOf(HistoryUnprovenError);
  });
  describe("where transactions without a GTID follow the last one that was read", () => {
    const READ = `${UUID}:1-50`;
    /** `gtids`: executed before each file; `anonymous`: where such a transaction begins. */
    const hiding = (
      gtids: Record<string, string>,
      anonymous: Record<string, number>,
    ): BinlogEvidence => ({
      ...same,
      isSubset: subset({ [`${READ}-more`]: false }),
      gtidsBefore: async (file) => gtids[file] ?? READ,
      hasAnonymous: async (file, offset) => (anonymous[file] ?? -1) >= offset,
    });

    test("stops if a dump would begin in a later file, unless an operator confirms the history", async () => {
      for (const anonymous of [{ "bin.000005": 51 }, { "bin.000005": 49, "bin.000007": 4 }]) {
        const files = ["bin.000003", "bin.000005", "bin.000007", "bin.000009"];
        const hides = hiding({}, anonymous);
        await expect(resume(saved, { ...other, files }, hides)).rejects.toMatchObject({
          name: "AnonymousTransactionsError",
          message: expect.stringContaining("offsets -- set --file bin.000005:4"),
        });
        expect(await resume(saved, { ...other, files }, hides, READ_ALREADY)).toMatchObject({
          start: { kind: "gtid" },
        });
      }
    });

    test("stops also on the same server if nothing was read there yet", async () => {
      const unread = { ...saved, isExact: false };
      const hides = hiding({}, { "bin.000005": 51 });
      await expect(resume(unread, state, hides)).rejects.toMatchObject({
        name: "AnonymousTransactionsError",
      });
      expect(await resume(unread, state, hides, READ_ALREADY)).toMatchObject({ isResumed: true });
      // Reading goes on at file and offset.
      expect(await resume(saved, state, hides)).toMatchObject({ start: { kind: "file" } });
    });

    test("stops although an operator has confirmed the history after another stop", async () => {
      const hides = { ...hiding({}, { "bin.000005": 51 }), lastGtidIn: async () => 99 };
      const gone = { ...hides, find: async () => null };
      await expect(resume(saved, other, gone)).rejects.toBeInstanceOf(HistoryUnprovenError);
      // The last transaction that was read is gone: all that the server has may follow it.
      await expect(resume(saved, other, gone, UNPROVEN)).rejects.toMatchObject({
        name: "AnonymousTransactionsError",
        message: expect.stringContaining("set --file bin.000003:4"),
      });
      await expect(resume(saved, other, gone, READ_ALREADY)).rejects.toBeInstanceOf(
        HistoryUnprovenError,
      );
      expect(await resume(saved, other, gone, ALL)).toMatchObject({ start: { kind: "gtid" } });
      const changed = { ...same, find: async () => ({ ...anchor, committedUs: 8 }) };
      for (const vouched of [UNPROVEN, READ_ALREADY])
        await expect(resume(saved, other, changed, vouched)).rejects.toBeInstanceOf(
          HistoryMismatchError,
        );
    });

    test("goes on at each restart, until something was read, when an operator has confirmed it", async () => {
      const hides = hiding({}, { "bin.000005": 51 });
      for (const [evidence, vouched] of [
        [hides, READ_ALREADY],
        [{ ...hides, find: async () => null }, ALL],
      ] as const) {
        const { offset } = await resume(saved, other, evidence, vouched);
        const again = await resume(offset, other, evidence);
        expect(again).toMatchObject({ start: { kind: "gtid" }, isResumed: true });
        expect(await resume(again.offset, other, evidence)).toEqual(again);
        // What was written since was not confirmed.
        const later = { ...other, files: [...other.files, "bin.000010"] };
        await expect(
          resume(offset, later, {
            ...evidence,
            hasAnonymous: async (file) => file === "bin.000009",
          }),
        ).rejects.toMatchObject({ name: "AnonymousTransactionsError" });
      }
    });

    test("of an ordered start, looks behind the last of its GTIDs, also at a restart", async () => {
      const files = ["bin.000003", "bin.000005", "bin.000007", "bin.000009"];
      const server = { ...state, files };
      const order = { kind: "gtid", gtidSet: READ } as const;
      const lastIn: Record<string, number> = { "bin.000003": 700, "bin.000005": 300 };
      const hides = (anonymous: Record<string, number>): BinlogEvidence => ({
        ...hiding({}, anonymous),
        lastGtidIn: async (file) => lastIn[file] ?? null,
      });
      for (const anonymous of [{ "bin.000005": 301 }, { "bin.000007": 4 }])
        await expect(firstBeginning(order, life, server, hides(anonymous))).rejects.toMatchObject({
          name: "AnonymousTransactionsError",
          message: expect.stringContaining("set --file bin.000005:4"),
        });
      const before = hides({ "bin.000003": 800, "bin.000005": 299 });
      const { offset } = await firstBeginning(order, life, server, before);
      expect(offset).toMatchObject({ searchedTo: "bin.000009", isExact: false });
      // They were written after the last look.
      const later = { ...server, files: [...files, "bin.000010"] };
      await expect(resume(offset, later, hides({ "bin.000009": 4 }))).rejects.toMatchObject({
        name: "AnonymousTransactionsError",
      });
      // An offset of an ordered start that does not say how far the files were searched.
      const unsaid = { ...offset, searchedTo: undefined };
      await expect(resume(unsaid, server, hides({ "bin.000007": 4 }))).rejects.toMatchObject({
        name: "AnonymousTransactionsError",
      });
      expect(await resume(unsaid, server, before)).toMatchObject({ start: { kind: "gtid" } });
      // On another server, where the anchor's GTID is not the last one of the set.
      const unread = { ...saved, anchor: { ...anchor, begunS: 1 } };
      expect(await resume(unread, other, hides({ "bin.000005": 51 }))).toMatchObject({
        start: order,
      });
    });

    test("of a start past one more transaction, looks behind the last one that was read", async () => {
      const order = { kind: "gtid", gtidSet: READ } as const;
      const hides = { ...hiding({}, { "bin.000005": 51 }), lastGtidIn: async () => 99 };
      expect(await firstBeginning(order, life, state, hides)).toMatchObject({ start: order });
      await expect(firstBeginning(order, life, state, hides, `${UUID}:49`)).rejects.toMatchObject({
        name: "AnonymousTransactionsError",
      });
      expect(
        await firstBeginning(order, life, state, hides, `${UUID}:49`, READ_ALREADY),
      ).toMatchObject({
        start: order,
      });
    });

    test("begins behind the GTIDs if they were read, or if the server would refuse to send them", async () => {
      for (const evidence of [
        hiding({}, { "bin.000003": 400, "bin.000005": 49 }),
        hiding({ "bin.000009": `${READ}-more` }, { "bin.000005": 51, "bin.000009": 400 }),
      ])
        expect(await resume(saved, other, evidence)).toMatchObject({ start: { kind: "gtid" } });
    });
  });
  test("stops without GTIDs", async () => {
    await expect(resume({ ...saved, gtidSet: null }, other, same)).rejects.toBeInstanceOf(
      HistoryMismatchError,
    );
  });
  test("stops when the next transactions were purged, even if an operator confirms the history", async () => {
    const purged = { ...same, isSubset: subset({ [state.gtidPurged]: false }) };
    for (const vouched of [new Set<string>(), ALL])
      await expect(resume(saved, other, purged, vouched)).rejects.toMatchObject({
        name: "BinlogPurgedError",
        offset: saved.gtidSet,
        oldest: expect.stringContaining("bin.000003"),
      });
  });
  test("stops when the server has not executed what was read", async () => {
    await expect(resume(saved, other, behind)).rejects.toBeInstanceOf(HistoryMismatchError);
  });
});

test.each([
  [`${UUID}:1-100`, [`${UUID}:100`]],
  [`other:1-5,${UUID}:1-3:7`, [`${UUID}:7`]],
  [`${UUID}:1-3:br_a:1-9:br_b:5:7-8`, [`${UUID}:br_a:9`, `${UUID}:br_b:8`, `${UUID}:3`]],
  [`${UUID}:br_a:1-9`, [`${UUID}:br_a:9`]],
  [
    `${UUID}:a:1:b:2:c:3:d:4:e:5:f:6`,
    ["f:6", "e:5", "d:4", "c:3", "b:2"].map((gtid) => `${UUID}:${gtid}`),
  ],
  ["other:1-5", []],
  ["", []],
])("the server's own latest GTIDs in %s are %j", (set, gtids) => {
  expect(latestOf(UUID, set)).toEqual(gtids);
});

test("a first start on a server that has written nothing has another server's transaction as its anchor", async () => {
  const gtidExecuted = `5441fac8-71ca-11e1-9e33-c80aa9429562:1-7`;
  const { offset } = await firstBeginning({ kind: "now" }, life, { ...state, gtidExecuted }, same);
  expect(offset.anchor).toMatchObject({ gtid: "5441fac8-71ca-11e1-9e33-c80aa9429562:7" });
});

test("a first start has another tag's transaction as its anchor when the busiest tag's is purged", async () => {
  const gtidExecuted = `${UUID}:br_gone:1-90:br_here:1-7`;
  const evidence = {
    ...same,
    find: async (gtid: string) => (gtid === `${UUID}:br_here:7` ? { ...anchor, gtid } : null),
  };
  const { offset } = await firstBeginning(
    { kind: "now" },
    life,
    { ...state, gtidExecuted },
    evidence,
  );
  expect(offset.anchor?.gtid).toBe(`${UUID}:br_here:7`);
});
