import { expect, test } from "vitest";
import { RowTexts } from "../../../../reader/binlog-format/rows/row-texts.ts";
import { EventPosition } from "../../../../reader/transactions/binlog-position.ts";
import { Boundaries } from "../../../../reader/transactions/boundaries.ts";
import { runBeginning, ServerRun } from "../../../../reader/transactions/server-run.ts";
import type { Boundary } from "../../../../reader/transactions/transaction.ts";
import { XaTransactions } from "../../../../reader/transactions/xa-transactions.ts";

const RUN = 7;
const STARTED_S = 1_790_000_000;
const XID = "61..1";

const prepared = {
  gtid: "a:4",
  file: "bin.000007",
  fileNumber: 7,
  start: 50,
  thread: 8,
  run: RUN,
  serverId: 1,
  committedUs: 1_795_000_000_000_999,
};
const change = {
  op: "c",
  database: "shop",
  table: "orders",
  offset: 60,
  row: 0,
  n: 0,
  texts: new RowTexts(Buffer.alloc(0)),
} as const;

test("a boundary has the oldest XA transaction's position while that is in memory only, and says nothing of an earlier boundary", () => {
  const seen: Boundary[] = [];
  const xa = new XaTransactions({
    heldLimitBytes: 1_000,
    onUnknownXa: () => undefined,
    sink: { change: () => undefined, prepared: () => undefined },
    preparedXa: [],
  });
  const position = new EventPosition();
  const run = new ServerRun({
    serverId: 1,
    serverUuid: "",
    run: RUN,
    runBeginnings: new Map(),
    nameOf: (each) => each,
  });
  const boundaries = new Boundaries({
    position,
    run,
    xa,
    sink: { boundary: (boundary) => seen.push(structuredClone(boundary)) },
    names: { saved: undefined },
  });
  const held = xa.start(XID);
  xa.hold(held, prepared, change);
  const waiting = { transaction: prepared, held, run: RUN, kept: null };
  xa.prepare(waiting);
  position.enterFile("bin.000008", 4);
  run.entersFile(8, STARTED_S);
  const anchor = { file: "bin.000008", start: 200, begunS: null, gtid: "a:5", committedUs: 6 };
  const executed = { prefix: "a:", number: 5 };
  boundaries.pass(["b:1"], executed, 300, anchor, 9);
  const kept = { xid: XID, transaction: prepared, key: "xa/1" };
  xa.keep(waiting, kept);
  boundaries.pass(["b:2"], null, 400, null, 10);
  xa.rollback(XID);
  boundaries.pass([], null, 500, null, 11);

  const behind = {
    executed: null,
    file: "bin.000008",
    run: runBeginning(STARTED_S, 8),
    anchor: null,
  };
  expect(seen).toEqual([
    {
      executed,
      alsoExecuted: ["b:1"],
      file: "bin.000007",
      offset: 50,
      run: RUN,
      anchor,
      committedMs: 9,
      held: {
        by: { xid: XID, gtid: "a:4", preparedMs: 1_795_000_000_000 },
        readTo: { fileNumber: 8, offset: 300 },
      },
      keptXa: [],
    },
    { ...behind, alsoExecuted: ["b:2", "a:4"], offset: 400, committedMs: 10, keptXa: [kept] },
    { ...behind, alsoExecuted: [], offset: 500, committedMs: 11, keptXa: [] },
  ]);
});

test("a run that begins in a file has its name in this life", () => {
  const run = new ServerRun({
    serverId: 1,
    serverUuid: "",
    run: RUN,
    runBeginnings: new Map([[4, 200]]),
    nameOf: (each) => each + 1,
  });
  run.entersFile(3, 100);
  expect(run.present).toBe(runBeginning(100, 3) + 1);
  run.entersFile(4, 0);
  expect(run.present).toBe(runBeginning(200, 4) + 1);
});
