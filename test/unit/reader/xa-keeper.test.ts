import { expect, test } from "vitest";
import { RowTexts } from "../../../reader/binlog-format/rows/row-texts.ts";
import { HeldChanges } from "../../../reader/transactions/held-changes.ts";
import { encodeHeldChanges, restorePreparedXa } from "../../../reader/transactions/kept-xa.ts";
import type { PreparedXa } from "../../../reader/transactions/prepared-xa.ts";
import type { RowChange, Transaction } from "../../../reader/transactions/transaction.ts";
import { XaTransactions } from "../../../reader/transactions/xa-transactions.ts";
import { XaKeeper } from "../../../reader/xa-keeper.ts";

const AUTHOR = { user: "app", host: "h", attribution: "ledger" } as const;
const change = (row: number): RowChange => ({
  op: "u",
  database: "shop",
  table: "orders",
  offset: 500,
  row,
  n: row,
  texts: RowTexts.of({ before: '{"a":"é"}', after: '{"a":"\\n"}', key: '{"id":1}', oldKey: "" }),
  definition: undefined,
});
const transaction = (start: number): Transaction => ({
  gtid: `3e11fa47-71ca-11e1-9e33-c80aa9429562:${start}`,
  file: "bin.000007",
  fileNumber: 7,
  start,
  thread: 12,
  run: 5,
  serverId: 1,
  committedUs: 1_790_000_000_000_000,
});

function prepared(xid: string, start: number): PreparedXa {
  const held = new HeldChanges(xid);
  held.add(change(0));
  held.add(change(1));
  return { transaction: transaction(start), held, run: 5, kept: null };
}

const TABLES = ["shop.*"];

function setUp(write: (key: string, held: HeldChanges) => Promise<void>) {
  const delivered: [Transaction, RowChange][] = [];
  const xa = new XaTransactions({
    heldLimitBytes: 1e6,
    onUnknownXa: () => undefined,
    sink: { change: (...delivery) => delivered.push(delivery), prepared: () => undefined },
    preparedXa: [],
  });
  const keeper = new XaKeeper({
    xa,
    afterMs: 1000,
    authorsOf: async (transactions) => transactions.map(() => AUTHOR),
    write,
    log: { warn: () => undefined } as never,
  });
  return { xa, keeper, delivered };
}

test("an XA transaction that waits long is kept once, counts as executed, and is delivered with its author", async () => {
  const objects = new Map<string, Uint8Array>();
  const { xa, keeper, delivered } = setUp(
    async (key, held) => void objects.set(key, await encodeHeldChanges(held, TABLES)),
  );
  xa.prepare(prepared("a", 100));
  await keeper.look(0);
  xa.prepare(prepared("b", 200));
  await keeper.look(900);
  expect(xa.kept).toEqual([]);
  await keeper.look(1000);
  expect(xa.kept.map(({ xid }) => xid)).toEqual(["a"]);
  expect(xa.oldest?.held.xid).toBe("b");
  expect(xa.takeKeptGtids()).toEqual([transaction(100).gtid]);
  expect(xa.takeKeptGtids()).toEqual([]);
  await keeper.look(1900);
  expect(xa.oldest).toBeUndefined();
  expect(objects.size).toBe(2);

  const [kept] = xa.kept;
  if (kept === undefined) throw new Error("no XA transaction is kept");
  const object = objects.get(kept.key) ?? new Uint8Array();
  const restored = await restorePreparedXa(kept, object, TABLES);
  const successor = new XaTransactions({
    heldLimitBytes: 1e6,
    onUnknownXa: () => undefined,
    sink: { change: (...delivery) => delivered.push(delivery), prepared: () => undefined },
    preparedXa: [restored],
  });
  expect(successor.commit("a", transaction(900), 950)).toEqual([]);
  expect(successor.kept).toEqual([]);
  expect(delivered).toHaveLength(2);
  expect(delivered[1]?.[0]).toMatchObject({ author: AUTHOR, thread: 12, start: 900 });
  expect(delivered[1]?.[1]).toMatchObject({ op: "u", offset: 950, row: 1, n: 1 });
  expect(delivered[1]?.[1].texts).toEqual(change(1).texts);
});

test("an XA transaction that was kept while other tables were followed is delivered and reported", async () => {
  const objects: Uint8Array[] = [];
  const { xa, keeper, delivered } = setUp(
    async (_, held) => void objects.push(await encodeHeldChanges(held, TABLES)),
  );
  xa.prepare(prepared("a", 100));
  await keeper.look(0);
  await keeper.look(1000);
  const [kept] = xa.kept;
  const [object] = objects;
  if (kept === undefined || object === undefined) throw new Error("no XA transaction is kept");
  const reported: unknown[] = [];
  for (const tables of [TABLES, [...TABLES, "books.*"]]) {
    const successor = new XaTransactions({
      heldLimitBytes: 1e6,
      onUnknownXa: (commit) => reported.push(commit),
      sink: { change: (...delivery) => delivered.push(delivery), prepared: () => undefined },
      preparedXa: [await restorePreparedXa(kept, object, tables)],
    });
    successor.commit("a", transaction(900), 950);
  }
  expect(delivered).toHaveLength(4);
  const { gtid, file } = transaction(900);
  expect(reported).toEqual([{ gtid, xid: "a", file, offset: 950, isPartial: true }]);
});

test.each([
  [["shop.*", "!shop.log"], ["!shop.log", "shop.*"], false],
  [["shop.*", "books.*"], ["shop.*"], false],
  [["shop.*"], ["shop.*", "!shop.log"], false],
  [["shop.*"], ["books.*"], true],
  [["shop.*", "!shop.log"], ["shop.*"], true],
])("kept changes of %j are partial where %j is followed: %s", async (then, now, isPartial) => {
  const { held, transaction: of } = prepared("a", 100);
  const kept = { xid: "a", transaction: of, key: "xa/a" };
  const restored = await restorePreparedXa(kept, await encodeHeldChanges(held, then), now);
  expect(restored.isPartial).toBe(isPartial);
});

test("an XA transaction that ends while it is being kept is not in the offset, and its GTID counts once", async () => {
  const writing = Promise.withResolvers<void>();
  const { xa, keeper } = setUp(() => writing.promise);
  xa.prepare(prepared("a", 100));
  await keeper.look(0);
  const keeping = keeper.look(5000);
  expect(xa.commit("a", transaction(900), 950)).toEqual([transaction(100).gtid]);
  writing.resolve();
  await keeping;
  expect(xa.kept).toEqual([]);
  expect(xa.takeKeptGtids()).toEqual([]);
});
