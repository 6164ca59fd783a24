import { CreateTableCommand, DeleteTableCommand } from "@aws-sdk/client-dynamodb";
import { startLocalAwsWithClients } from "@binlog-router/local-aws/clients";
import { expect, test, vi } from "vitest";
import type { Offset } from "../../../reader/offsets/offset.ts";
import { OffsetStore } from "../../../reader/offsets/offset-store.ts";

const OFFSET: Offset = {
  epoch: 1,
  life: "a-life",
  server: "5441fac8-0000-0000-0000-000000000001",
  run: 1,
  gtidSet: "",
  file: "bin.000001",
  offset: 4,
  isExact: false,
  anchor: null,
  lanes: new Map(),
  laneCount: 1,
  keptXa: [],
  committedMs: 0,
};

test("the offset store returns when its table was created, and keeps orders and answers of an operator", async () => {
  await using services = await startLocalAwsWithClients();
  const { dynamodb } = services;
  const TableName = "offsets";
  const make = () =>
    dynamodb.send(
      new CreateTableCommand({
        TableName,
        KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
        AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
        BillingMode: "PAY_PER_REQUEST",
      }),
    );
  await make();
  const store = new OffsetStore(dynamodb, TableName);
  const made = await store.madeMs();
  expect(await store.madeMs()).toBe(made);
  await dynamodb.send(new DeleteTableCommand({ TableName }));
  await vi.waitFor(make, 60_000);
  expect(await store.madeMs()).toBeGreaterThan(made);

  // A new start is saved together with the positions that the former life sent to its lanes. It has
  // no life until that life begins.
  expect(await store.startAnew(await store.load(), { kind: "now" })).toBe(true);
  expect(await store.load()).toMatchObject({ offset: null, newStart: { start: { kind: "now" } } });

  // An operator answers each stop. The answers are kept until the reader has begun.
  const { fence } = (await store.take((await store.load()).lease, "a reader")) ?? { fence: 0 };
  expect((await store.load()).vouched).toEqual(new Set());
  const errors = ["HistoryUnprovenError", "AnonymousTransactionsError"];
  for (const [n, error] of errors.entries()) {
    await store.stop(fence + n, { error, message: "", sinceMs: 1, isKept: true });
    expect(await store.vouch(await store.load())).toBe(true);
  }
  expect(await store.load()).toMatchObject({ stop: null, vouched: new Set(errors) });
  const ownRuns = { second: 7, file: "bin.000003", offset: 99 };
  const begun = { ...OFFSET, searchedTo: "bin.000004", ownRuns };
  await store.save(fence + errors.length, begun);
  expect(await store.load()).toMatchObject({ offset: begun, newStart: null, vouched: new Set() });

  // The next order may be one for a place that was read.
  expect(await store.startAnew(await store.load(), { kind: "oldest" })).toBe(true);
  expect((await store.load()).newStart).toMatchObject({ ownRuns, readSet: OFFSET.gtidSet });
});
