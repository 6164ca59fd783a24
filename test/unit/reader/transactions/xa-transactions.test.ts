import { expect, test } from "vitest";
import { RowTexts } from "../../../../reader/binlog-format/rows/row-texts.ts";
import { HeldChanges } from "../../../../reader/transactions/held-changes.ts";
import { XaTransactions } from "../../../../reader/transactions/xa-transactions.ts";
import type { PreparedXa } from "../../../../reader/transactions/prepared-xa.ts";

const XID = "61..1";

function prepare(gtid: string | null, start: number): PreparedXa {
  const xa = new XaTransactions(options());
  const transaction = {
    gtid,
    file: "bin.000007",
    fileNumber: 7,
    start,
    thread: 8,
    run: 9,
    serverId: 1,
    committedUs: 1,
  };
  const held = xa.start(XID);
  const texts = new RowTexts(Buffer.alloc(0));
  held.add({ op: "c", database: "shop", table: "orders", offset: start, row: 0, n: 0, texts });
  return { transaction, held, run: 9, kept: null };
}

function options(preparedXa: readonly PreparedXa[] = [], unlogged: (number | undefined)[] = []) {
  return {
    heldLimitBytes: 1_000,
    onUnknownXa: () => undefined,
    onUnloggedEnd: ({ offset }: { readonly offset: number }) => unlogged.push(offset),
    sink: { change: () => undefined, prepared: () => undefined },
    preparedXa,
  };
}

test.each([
  ["a GTID", "a:4"],
  ["none", null],
])("a prepare with %s that is read again leaves its transaction kept", (_, gtid) => {
  const { transaction } = prepare(gtid, 50);
  const kept = { xid: XID, transaction, key: "xa/1" };
  const unlogged: number[] = [];
  const xa = new XaTransactions(options([{ ...prepare(gtid, 50), kept }], unlogged));
  expect(xa.prepare(prepare(gtid, 50))).toBe(true);
  expect(xa.kept).toEqual([kept]);
  expect(xa.oldest).toBeUndefined();
  expect(unlogged).toEqual([]);
});

test.each([
  ["a GTID", "a:4", "a:5"],
  ["none", null, null],
])("a kept transaction with %s ended unlogged when its xid is prepared again", (_, gtid, next) => {
  const { transaction } = prepare(gtid, 50);
  const kept = { xid: XID, transaction, key: "xa/1" };
  const unlogged: number[] = [];
  const xa = new XaTransactions(options([{ ...prepare(gtid, 50), kept }], unlogged));
  const later = prepare(next, 90);
  expect(xa.prepare(later)).toBe(true);
  expect(xa.kept).toEqual([]);
  expect(xa.oldest).toBe(later);
  expect(unlogged).toEqual([50]);
  expect(xa.takeKeptGtids()).toEqual([]);
});

test("a partly kept transaction is whole when its prepare is read again", () => {
  const { transaction, held } = prepare("a:4", 50);
  const kept = { xid: XID, transaction, key: "xa/1" };
  const partial = { transaction, held: new HeldChanges(XID), run: null, kept, isPartial: true };
  const unknown: unknown[] = [];
  const delivered: unknown[] = [];
  const xa = new XaTransactions({
    ...options([partial]),
    onUnknownXa: (commit) => unknown.push(commit),
    sink: { change: (...delivery) => delivered.push(delivery), prepared: () => undefined },
  });
  expect(xa.prepare({ transaction, held, run: 9, kept: null })).toBe(true);
  expect(xa.kept).toEqual([kept]);
  expect(xa.commit(XID, transaction, 95)).toEqual([]);
  expect(delivered).toHaveLength(1);
  expect(unknown).toEqual([]);
});
