import { queryObjects } from "node:v8";
import { createRequire } from "node:module";
import { ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { expect, test } from "vitest";
import { startLocalAwsWithClients } from "../../clients.ts";

test("DynamoDB closes the iterators with which it reads its tables", async () => {
  await using services = await startLocalAwsWithClients();
  const ofDynalite = createRequire(createRequire(import.meta.url).resolve("dynalite"));
  const level = ofDynalite("abstract-level") as {
    readonly AbstractKeyIterator: new () => object;
  };
  for (let n = 0; n < 50; n++) await services.dynamodb.send(new ListTablesCommand({}));
  expect(queryObjects(level.AbstractKeyIterator, { format: "count" })).toBeLessThan(10);
});
