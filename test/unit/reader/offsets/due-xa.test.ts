import { expect, test } from "vitest";
import { dueXa } from "../../../../reader/offsets/due-xa.ts";
import type { NewStart } from "../../../../reader/offsets/reader-item.ts";
import type { Anchor, KeptXa } from "../../../../reader/transactions/transaction.ts";

const UUID = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
const kept = (number: number): KeptXa => ({
  xid: `xid-${number}`,
  key: `xa/${number}`,
  transaction: {
    gtid: `${UUID}:${number}`,
    file: "bin.000003",
    fileNumber: 3,
    start: number,
    thread: 3,
    run: 3,
    serverId: 1,
    committedUs: 6,
  },
});
const lastRead = {
  file: "bin.000005",
  start: 500,
  begunS: null,
  gtid: `${UUID}:50`,
  committedUs: 7,
};
const file = (name: string, offset: number) => ({ kind: "file", file: name, offset }) as const;
const order: NewStart = {
  epoch: 9,
  life: null,
  lanes: new Map(),
  laneCount: 1,
  names: undefined,
  keptXa: [kept(10), kept(40)],
  isPast: false,
  readSet: null,
  lastRead,
  start: file("bin.000005", 4),
};
const state = {
  file: "bin.000009",
  offset: 4711,
  files: ["bin.000003", "bin.000005", "bin.000009"],
  gtids: true,
  gtidExecuted: `${UUID}:1-100`,
};
/** The GTIDs before `bin.000005:4` are 1 to 20. */
const begins = { gtidSet: `${UUID}:1-20`, file: "bin.000005", offset: 4 };
const last = (gtids: string): number => Number(/(\d+)$/.exec(gtids)?.[1]);
const evidence = {
  find: async () => lastRead,
  findBetween: () => expect.fail("the server sends it by its GTID"),
  gtidsBefore: () => expect.fail("the beginning has GTIDs"),
  isSubset: async (subset: string, set: string) => last(subset) <= last(set),
};
const due = async (...args: Parameters<typeof dueXa>): Promise<readonly (string | null)[]> =>
  (await dueXa(...args)).map(({ xid }) => xid);

test("where the binlog is read again, those are due that were prepared before the start", async () => {
  expect(await due(order, begins, state, evidence)).toEqual(["xid-10"]);
  const [{ transaction } = kept(0)] = await dueXa(order, begins, state, evidence);
  // Its thread id belongs to the former life.
  expect(transaction.author).toBeNull();
  const atLast = { ...begins, offset: 500 };
  expect(await due(order, atLast, state, evidence)).toEqual(["xid-10"]);
  const oldest = { ...order, start: { kind: "oldest" } } as const;
  const fromOldest = { ...begins, file: "bin.000003" };
  expect(await due(oldest, fromOldest, state, evidence)).toEqual(["xid-10"]);
});

test("while gtid_mode is not ON, the last transaction that was read is looked for behind the start", async () => {
  const permissive = { ...state, gtids: false };
  const without = { ...begins, gtidSet: null };
  const asked = {
    ...evidence,
    find: () => expect.fail("the server sends nothing by GTIDs"),
    gtidsBefore: async (name: string, offset: number) => {
      expect([name, offset]).toEqual(["bin.000005", 4]);
      return `${UUID}:1-20`;
    },
    findBetween: async (...args: unknown[]): Promise<Anchor | null> => {
      expect(args).toEqual([
        lastRead.gtid,
        { file: "bin.000005", offset: 4 },
        { file: "bin.000009", offset: 4711 },
      ]);
      return lastRead;
    },
  };
  expect(await due(order, without, permissive, asked)).toEqual(["xid-10"]);
  for (const found of [null, { ...lastRead, committedUs: 8 }]) {
    const unproven = { ...asked, findBetween: async () => found };
    expect(await due(order, without, permissive, unproven)).toEqual([]);
  }
});

test("past one more transaction, all are due", async () => {
  const past = { ...order, isPast: true, start: { kind: "gtid", gtidSet: "" } } as const;
  expect(await due(past, begins, state, evidence)).toEqual(["xid-10", "xid-40"]);
});

test("behind what was read none is due, because their commits may be skipped", async () => {
  for (const place of [
    { ...begins, offset: 501 },
    { ...begins, file: "bin.000009" },
  ])
    expect(await due(order, place, state, evidence)).toEqual([]);
  for (const start of [{ kind: "now" }, { kind: "gtid", gtidSet: begins.gtidSet }] as const)
    expect(await due({ ...order, start }, begins, state, evidence)).toEqual([]);
});

test("without proof that the server has the history that was read, none is due", async () => {
  const changed = { ...evidence, find: async () => ({ ...lastRead, committedUs: 8 }) };
  expect(await due(order, begins, state, changed)).toEqual([]);
  expect(await due(order, begins, state, { ...evidence, find: async () => null })).toEqual([]);
  const behind = { ...state, gtidExecuted: `${UUID}:1-49` };
  expect(await due(order, begins, behind, evidence)).toEqual([]);
  expect(await due({ ...order, lastRead: null }, begins, state, evidence)).toEqual([]);
  const unnamed = { ...order, lastRead: { ...lastRead, gtid: null } };
  expect(await due(unnamed, begins, state, evidence)).toEqual([]);
});
