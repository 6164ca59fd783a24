import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import { RowTexts } from "../../../../reader/binlog-format/rows/row-texts.ts";
import { laneFor, Shipment } from "../../../../reader/frames/shipment.ts";
import type { SessionBook } from "../../../../reader/sessions/session-book.ts";
import type { RowChange, Transaction } from "../../../../reader/transactions/transaction.ts";

const LANES = 4;

const transaction: Transaction = {
  gtid: "3e11fa47-71ca-11e1-9e33-c80aa9429562:7",
  file: "bin.000001",
  fileNumber: 1,
  start: 100,
  thread: 9,
  run: 1,
  serverId: 1,
  committedUs: 1_700_000_000_000_000,
};
const change = (n: number): RowChange => ({
  op: "c",
  database: "shop",
  table: "orders",
  offset: 200,
  row: n,
  n,
  texts: RowTexts.of({ key: `{"id":${n}}`, after: `{"id":${n}}` }),
});

test("a look at delivery reads the lanes that sent frames, and goes on after a failed read", async () => {
  const sessions: Pick<SessionBook, "notice" | "authorsOf"> = {
    notice: () => undefined,
    authorsOf: async ({ length }) => Array.from({ length }, () => undefined),
  };
  const shipment = new Shipment({
    binlog: { source: "shop", epoch: 1, life: null, server: "s" },
    lanes: LANES,
    previous: new Map(),
    repeats: false,
    frameSizes: { fullBytes: 1000, mostBytes: 1000 },
    delayMs: 5,
    unsentLimitBytes: 1_000_000,
    sessions: sessions as SessionBook,
    send: async () => undefined,
    onPressure: () => undefined,
    onTransaction: () => undefined,
  });
  const stop = new AbortController();
  const ended = shipment.sendFrames(stop.signal).catch(() => undefined);
  const asked: number[][] = [];
  const look = () =>
    shipment.lookAtDelivery((lanes) => {
      asked.push([...lanes]);
      return Promise.reject(new Error("not reachable"));
    });
  await look();
  shipment.change(transaction, change(0));
  // Two turns: the lane waits for one in which nothing more is read.
  await nextTurn();
  await nextTurn();
  await look();
  await look();
  expect(asked).toEqual([[laneFor("shop", "orders", LANES)]]);
  stop.abort();
  await ended;
});
