import { expect, test } from "vitest";
import { type InitialSnapshot, tendInitial } from "../../../../reader/snapshot/initial-orders.ts";
import { OrderStore } from "../../../../reader/snapshot/order-store.ts";
import { NOTHING, SnapshotReports } from "../../../../reader/snapshot/snapshot-reports.ts";
import { Stage } from "../../../support/functions/stage.ts";

const NO_LOG = { debug: fail, info: fail, warn: fail, error: fail };
const DAY_MS = 24 * 3_600_000;
const BEGAN_MS = Date.parse("2026-11-01T00:00:00Z");
const TABLES = ["shop.*"];
const STAGING = { subscriber: "billing", environment: "staging", tables: TABLES };
const BRANCH = { subscriber: "billing", environment: "branch", tables: TABLES };

test("an initial snapshot is ordered once, also after its pair was not configured for a while", async () => {
  await using stage = await Stage.start();
  const store = new OrderStore(stage.clients.dynamodb, "offsets");
  /** What a reader with these pairs does after so many days; returns the orders. */
  const lookAt = async (day: number, ...pairs: InitialSnapshot[]): Promise<string[]> => {
    await tendInitial(
      { source: "shop", pairs },
      store,
      await store.load(),
      BEGAN_MS + day * DAY_MS,
    );
    return (await store.load()).map(({ order, report }) => `${order.id} ${report?.state}`);
  };
  const reports = new SnapshotReports(store, NO_LOG);
  const report = async (state: "running" | "complete", tables: string[]): Promise<void> => {
    for (const { order } of await store.load())
      await reports.write(order, { ...NOTHING, state, tables });
  };

  const begun = ["initial-shop-billing-branch undefined", "initial-shop-billing-staging undefined"];
  expect((await lookAt(0, STAGING, BRANCH)).sort()).toEqual(begun);
  await report("running", ["shop.orders"]);
  const running = ["initial-shop-billing-branch running", "initial-shop-billing-staging running"];
  expect((await lookAt(40, STAGING)).sort()).toEqual(running);
  expect((await lookAt(80, STAGING)).sort()).toEqual(running);

  await report("complete", ["shop.orders"]);
  const complete = [
    "initial-shop-billing-branch complete",
    "initial-shop-billing-staging complete",
  ];
  expect((await lookAt(100, STAGING)).sort()).toEqual(complete);
  expect((await lookAt(129, STAGING)).sort()).toEqual(complete);
  // The former configuration is deployed again for a moment.
  expect((await lookAt(129, STAGING, BRANCH)).sort()).toEqual(complete);
  expect((await lookAt(131, STAGING)).sort()).toEqual(complete);
  expect((await lookAt(160, STAGING)).sort()).toEqual(complete);
  expect(await lookAt(162, STAGING)).toEqual(["initial-shop-billing-staging complete"]);
  expect(await lookAt(163, STAGING)).toEqual(["initial-shop-billing-staging complete"]);

  expect((await lookAt(164, STAGING, BRANCH)).sort()).toEqual([begun[0], complete[1]]);
  // Hundreds of ended ones must have room in the item.
  expect((await store.load()).flatMap((found) => found.report?.tables ?? [])).toEqual([]);
});

test("a full item gets room for a new initial snapshot when an unneeded one is removed", async () => {
  await using stage = await Stage.start();
  const store = new OrderStore(stage.clients.dynamodb, "offsets");
  await tendInitial({ source: "shop", pairs: [STAGING, BRANCH] }, store, [], BEGAN_MS);
  const complete = { ...NOTHING, state: "complete" } as const;
  for (const { order } of await store.load()) await store.report(order.id, complete);
  await tendInitial({ source: "shop", pairs: [STAGING] }, store, await store.load(), BEGAN_MS);
  for (let [fits, most] = [0, 409_600]; most - fits > 20;) {
    const half = (fits + most) >> 1;
    const report = { ...complete, reason: "x".repeat(half) };
    const isTaken = await store.report("initial-shop-billing-staging", report).then(
      () => true,
      () => false,
    );
    [fits, most] = isTaken ? [half, most] : [fits, half];
  }

  const anew = { ...BRANCH, environment: "other" };
  await tendInitial(
    { source: "shop", pairs: [STAGING, anew] },
    store,
    await store.load(),
    BEGAN_MS + 31 * DAY_MS,
  );
  const ids = (await store.load()).map(({ order }) => order.id);
  expect(ids.sort()).toEqual(["initial-shop-billing-other", "initial-shop-billing-staging"]);
});

test("a paused or stopped initial snapshot is cancelled when its pair has not been configured for 30 days", async () => {
  await using stage = await Stage.start();
  const store = new OrderStore(stage.clients.dynamodb, "offsets");
  const lookAt = async (day: number, ...pairs: InitialSnapshot[]): Promise<string[]> => {
    await tendInitial(
      { source: "shop", pairs },
      store,
      await store.load(),
      BEGAN_MS + day * DAY_MS,
    );
    return (await store.load()).map(({ order }) => `${order.id} ${order.wanted}`).sort();
  };
  await lookAt(0, STAGING, BRANCH);
  // This pauses the orders until an operator resumes them.
  for (const { order } of await store.load())
    await store.report(order.id, { ...NOTHING, state: "stopped" });
  const stopped = ["initial-shop-billing-branch pause", "initial-shop-billing-staging pause"];
  expect(await lookAt(0, STAGING, BRANCH)).toEqual(stopped);
  expect(await lookAt(40, STAGING, BRANCH)).toEqual(stopped);
  expect(await lookAt(50, STAGING)).toEqual(stopped);
  expect(await lookAt(79, STAGING)).toEqual(stopped);

  const cancelled = ["initial-shop-billing-branch cancel", "initial-shop-billing-staging pause"];
  expect(await lookAt(81, STAGING)).toEqual(cancelled);
  expect(await lookAt(81, STAGING)).toEqual(cancelled);
  await store.report("initial-shop-billing-branch", { ...NOTHING, state: "cancelled" });
  expect(await lookAt(81, STAGING)).toEqual(["initial-shop-billing-staging pause"]);
});

function fail(_fields: object, message: string): never {
  throw new Error(message);
}

test("an initial snapshot's id names its source, and one with an earlier version's id is known", async () => {
  await using stage = await Stage.start();
  const store = new OrderStore(stage.clients.dynamodb, "offsets");
  const order = {
    ...STAGING,
    startedBy: "the configuration",
    startedMs: 1,
    wanted: "run",
  } as const;
  await store.place({ ...order, id: "initial-billing-staging" });
  const initial = { source: "shop-eu", pairs: [STAGING, BRANCH] };
  await tendInitial(initial, store, await store.load(), BEGAN_MS);
  const ids = (await store.load()).map(({ order: { id, unneededMs } }) => [id, unneededMs]);
  expect(ids).toEqual([
    ["initial-billing-staging", undefined],
    ["initial-shop-eu-billing-branch", undefined],
  ]);
});
