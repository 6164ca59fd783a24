import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { ReplayItems } from "../../../../operator/commands/replay/replay-items.ts";
import { allSnapshots, placeOrder } from "../../../../operator/commands/snapshot/orders.ts";
import { Stage } from "../../../support/functions/stage.ts";
import { binlogRouterOn, stackFileOf } from "../../../support/operator.ts";

const ORDER = {
  id: "one",
  subscriber: "billing",
  environment: "staging",
  startedBy: "test",
  startedMs: 1,
};

let stage: Stage;
beforeAll(async () => void (stage = await Stage.start()));
afterAll(() => stage[Symbol.asyncDispose]());

/** DynamoDB carries the next write out, and its answer is lost: the SDK repeats the call. */
beforeEach(() => {
  const effect = { kind: "reset", when: "after" } as const;
  stage.aws.faults.clear();
  for (const action of ["PutItem", "UpdateItem"]) {
    stage.aws.faults.add({ service: "dynamodb", action, calls: 1, effect });
  }
});

function table() {
  return { dynamodb: stage.clients.dynamodb, offsetsTable: "offsets" };
}

test("a snapshot is ordered once", async () => {
  const order = { ...ORDER, tables: ["shop.*"], wanted: "run" } as const;
  await placeOrder(table(), order, []);
  expect(await allSnapshots(table())).toMatchObject([{ order }]);
  await expect(placeOrder(table(), { ...order, startedMs: 2 }, [])).rejects.toThrow();
});

test("a replay begins, for its process alone", async () => {
  const items = new ReplayItems(table());
  const bounds = {
    file: "bin.000001",
    from: { kind: "place", fileNumber: 1, offset: 4 } as const,
    to: null,
    end: null,
  };
  const order = { ...ORDER, from: "2h", to: null, tables: null, bounds, epoch: 1, life: null };
  await items.put(order, "its process");
  expect(await items.all()).toMatchObject([{ id: "one", state: "running" }]);
  await expect(items.put(order, "another one")).rejects.toThrow();
});

test("the reader is ordered to begin anew, which is not taken for another operator's order", async () => {
  const set = ["offsets", "set", "--now", "--yes"];
  expect(await binlogRouterOn(stackFileOf(stage.aws), ...set)).toEqual({
    code: 0,
    out: "The reader begins anew at now.\n",
    problem: "",
  });
});
