import { CreateTableCommand, DeleteTableCommand } from "@aws-sdk/client-dynamodb";
import { startLocalAwsWithClients } from "@binlog-router/local-aws/clients";
import { expect, test, vi } from "vitest";
import { OffsetStore } from "../../../reader/offsets/offset-store.ts";

test("the offset store returns when its table was created, which identifies another table of the same name", async () => {
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
});
