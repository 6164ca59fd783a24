import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { expect, test } from "vitest";
import type { SavedSnapshots } from "../../../../reader/frames/snapshot-progress.ts";
import { OrderStore } from "../../../../reader/snapshot/order-store.ts";
import { RowNumbers } from "../../../../reader/snapshot/row-numbers.ts";
import { Snapshots, type SnapshotsOptions } from "../../../../reader/snapshot/snapshots.ts";
import { attributesOf, orderAttribute } from "../../../../wire/snapshot-items.ts";
import { snapshotOrder } from "../../../support/snapshot/orders.ts";

const ORDER = snapshotOrder("t", { wanted: "pause" });
const NUMBERS = RowNumbers.begin(undefined, { file: "binlog.000001", offset: 4 });
const NONE: SavedSnapshots = { numbers: NUMBERS.free, progress: [] };

test("a paused snapshot whose rows were dropped is forgotten when frames that were on the way cannot bring it back, also where an initial one has no room", async () => {
  const done: string[] = [];
  const noted = async (what: string): Promise<void> => {
    await new Promise(setImmediate);
    done.push(what);
  };
  const item = Object.fromEntries([
    orderAttribute(ORDER),
    [attributesOf(ORDER.id).dropped, { BOOL: true }],
  ]);
  const dynamodb = {
    send: async ({ input }: { readonly input: { readonly UpdateExpression?: string } }) => {
      if (input.UpdateExpression === undefined) return { Item: item };
      if (input.UpdateExpression === "SET #order = :order") throw new Error("no room");
      return noted(input.UpdateExpression.includes("REMOVE") ? "note removed" : "written");
    },
  };
  const progress = [{ id: ORDER.id } as SavedSnapshots["progress"][number]];
  using snapshots = new Snapshots({
    initial: {
      source: "shop",
      pairs: [{ subscriber: "s", environment: "new", tables: ["shop.*"] }],
    },
    orders: new OrderStore(dynamodb as unknown as DynamoDBClient, "offsets"),
    inFlight: { sent: () => noted("sent"), snapshot: () => undefined },
    saved: () => noted("saved"),
    savedSnapshots: () => ({ ...NONE, progress }),
    changeSnapshots: (change: (saved: SavedSnapshots) => SavedSnapshots) =>
      noted(`progress of ${change(NONE).progress.length} snapshots`),
    numbers: NUMBERS,
    tap: { unwatch: () => undefined },
    onStopped: () => undefined,
    ending: new AbortController().signal,
    log: { error: () => undefined, warn: () => undefined },
  } as unknown as SnapshotsOptions);
  await snapshots.step();
  expect(done).toEqual(["sent", "saved", "progress of 0 snapshots", "note removed"]);
});
