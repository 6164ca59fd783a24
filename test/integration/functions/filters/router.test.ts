import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Change, EnvironmentMessage } from "../../../../wire/message.ts";
import { startRouter, type Router } from "../../../support/client/router.ts";
import { nextBody } from "../../../support/foreign-formats.ts";

const SUBSCRIBERS = {
  mailing: {
    tables: ["shop.customers"],
    columns: { mask: { "shop.customers.email": "hash", "shop.customers.phone": "last4" } },
    where: "active = TRUE AND email NOT LIKE '%@test.example'",
  },
};

let router: Router;
beforeAll(async () => {
  router = await startRouter(SUBSCRIBERS);
});
afterAll(() => router[Symbol.asyncDispose]());

async function nextChange(): Promise<Change> {
  const url = router.stack.environments["staging"]?.queues["mailing"];
  const { changes } = JSON.parse(await nextBody(router.sqs, url ?? "")) as EnvironmentMessage;
  const [change] = changes;
  if (change === undefined || changes.length > 1) throw new Error(`${changes.length} changes`);
  return change;
}

it("the deployed functions filter a real server's changes with the stack's secret", async () => {
  const connection = await router.connectAs("staging");
  await connection.query(
    "CREATE TABLE customers (id INT PRIMARY KEY, email VARCHAR(99), phone VARCHAR(30), active TINYINT)",
  );
  expect(await nextChange()).toMatchObject({ op: "ddl" });
  await connection.query(
    "INSERT INTO customers VALUES (1, 'ada@hidden.example', '555-0101-2342', 0)",
  );
  await connection.query("INSERT INTO customers VALUES (2, 'bot@test.example', NULL, 1)");
  await connection.query("UPDATE customers SET active = 1 WHERE id = 1");
  const created = await nextChange();
  expect(created).toMatchObject({
    op: "c",
    before: null,
    after: { id: 1, email: expect.stringMatching(/^[0-9a-f]{64}$/) as string, phone: "****2342" },
    key: { id: 1 },
  });
  await connection.query("UPDATE customers SET phone = NULL WHERE id = 1");
  const updated = await nextChange();
  expect(updated).toMatchObject({ op: "u", before: created.after, after: { phone: null } });
  await connection.query("UPDATE customers SET active = NULL WHERE id = 1");
  expect(await nextChange()).toMatchObject({ op: "d", before: updated.after, after: null });
  await connection.end();

  const logs = router.logDirectory;
  const files = await readdir(logs);
  expect(files.length).toBeGreaterThan(0);
  for (const file of files) {
    expect(await readFile(join(logs, file), "utf8"), file).not.toMatch(/hidden\.example|0101-2342/);
  }
});
