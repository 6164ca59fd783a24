import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { createConnection } from "mysql2/promise";
import { expect, onTestFinished, test, vi } from "vitest";
import { parkedRecords } from "../../../infra/local/running/failure-records.ts";
import type { StackFile } from "../../../operator/shared/stack-file.ts";
import { insertBriefly } from "../../support/short-connections.ts";
import { EnvironmentQueues } from "../../support/start/environment-queues.ts";
import { startProcess } from "../../support/start/local-stack.ts";

const CONNECTIONS = Number(process.env["SHORT_CONNECTIONS"] ?? 200);
const CONFIG = {
  name: "brief",
  source: { tables: ["shop.*"] },
  environments: {
    production: { users: ["app_production"] },
    staging: { users: ["app_staging"] },
    test: { users: ["app_test"] },
  },
  subscribers: { search: { tables: ["shop.*"] } },
};

/**
 * The results for the inserts of short connections. Each insert contains the name of its account.
 */
interface Outcome {
  readonly right: number;
  readonly wrong: number;
  readonly parked: number;
}

/**
 * Runs the whole stack with these options, writes through short connections, and waits until every
 * insert is counted.
 */
async function outcomeOf(...options: string[]): Promise<Outcome> {
  const directory = await mkdtemp(join(tmpdir(), "attribution-stack-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  const config = join(directory, "config.json");
  await writeFile(config, JSON.stringify(CONFIG));
  await using start = startProcess(["--no-demo", "--config", config, ...options]);
  const stack = await start.ready();
  // This connection stays open: the author of a definition is unknown once its connection is
  // closed.
  await using administrator = await createConnection(stack.mysql);
  await administrator.query("CREATE TABLE shop.orders (id INT PRIMARY KEY, note VARCHAR(100))");
  using queues = new EnvironmentQueues(stack);
  const accounts = Object.values(stack.environments).flatMap(({ users }) => users);
  await insertBriefly(stack.mysql, accounts, { count: CONNECTIONS });
  return await vi.waitFor(
    async () => {
      const delivered = queues.taken.filter(({ change }) => change.op === "c");
      const right = delivered.filter(
        ({ environment, change }) => change.after?.["note"] === `app_${environment}`,
      ).length;
      const parked = await parkedChanges(stack);
      const outcome = { right, wrong: delivered.length - right, parked };
      expect(delivered.length + parked).toBe(CONNECTIONS);
      return outcome;
    },
    { timeout: 120_000, interval: 500 },
  );
}

async function parkedChanges({ aws, tables }: StackFile): Promise<number> {
  const { region, accessKeyId, secretAccessKey, dynamodbEndpoint } = aws;
  const client = new DynamoDBClient({
    region,
    endpoint: dynamodbEndpoint,
    credentials: { accessKeyId, secretAccessKey },
  });
  try {
    const records = await parkedRecords(client, tables.failures);
    return records.reduce((sum, { count }) => sum + count, 0);
  } finally {
    client.destroy();
  }
}

test(
  "with the ledger each short connection's change is delivered to its own environment",
  { timeout: 300_000 },
  async () => {
    const outcome = await outcomeOf("--no-tags");
    console.info(`${CONNECTIONS} short connections, 16 at a time, with the ledger:`, outcome);
    expect(outcome).toEqual({ right: CONNECTIONS, wrong: 0, parked: 0 });
  },
);

test(
  "with tags alone each short connection's change is delivered to its own environment",
  { timeout: 300_000 },
  async () => {
    const outcome = await outcomeOf("--no-ledger");
    console.info(`${CONNECTIONS} short connections, 16 at a time, with tags alone:`, outcome);
    expect(outcome).toEqual({ right: CONNECTIONS, wrong: 0, parked: 0 });
  },
);

test(
  "without the ledger and tags no change is delivered to another environment, and those of unknown authors are parked",
  { timeout: 300_000 },
  async () => {
    const outcome = await outcomeOf("--no-ledger", "--no-tags");
    console.info(`${CONNECTIONS} short connections, 16 at a time, without the ledger:`, outcome);
    expect(outcome.wrong).toBe(0);
    expect(outcome.right).toBeGreaterThan(0);
    expect(outcome.right + outcome.parked).toBe(CONNECTIONS);
  },
);
