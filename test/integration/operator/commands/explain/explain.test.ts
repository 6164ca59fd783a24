import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DeleteQueueCommand, SQSClient } from "@aws-sdk/client-sqs";
import { type Connection, createConnection } from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { ExplainedChange } from "../../../../../operator/commands/explain/explained-change.ts";
import { payloadBucket } from "../../../../../functions/aws/payload-bucket.ts";
import { readBatchBody } from "../../../../../functions/delivery/message-batch.ts";
import { bodyStore } from "../../../../../functions/failures/body-store.ts";
import { parkedRecords } from "../../../../../infra/local/running/failure-records.ts";
import { localTarget } from "../../../../../operator/shared/target.ts";
import { decodeMessage } from "../../../../../wire/message.ts";
import type { StackFile } from "../../../../../operator/shared/stack-file.ts";
import { binlogRouter } from "../../../../support/operator.ts";
import { EnvironmentQueues } from "../../../../support/start/environment-queues.ts";
import { startProcess, type StartProcess } from "../../../../support/start/local-stack.ts";

/** The number of random changes; the nightly workflow uses 1,000. */
const CHANGES = Number(process.env["EXPLAIN_CHANGES"] ?? 100);
/** The number of rows that they change, with ids from 100 on. */
const ROWS = CHANGES;
const SEED = Number(process.env["SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const PATIENCE = { timeout: 60_000, interval: 50 };

const CONFIG = {
  name: "shop",
  source: { tables: ["shop.*"] },
  environments: {
    production: { users: ["app_production"] },
    staging: { users: ["app_staging"] },
    test: { users: ["app_test"] },
  },
  subscribers: {
    billing: { tables: ["shop.orders"], where: "status <> 'draft'" },
    search: {
      tables: ["shop.*"],
      format: "compact",
      columns: { mask: { "*.*.email": "hash" }, exclude: ["*.*.note"] },
    },
    audit: { tables: ["shop.*"], environments: ["production"] },
  },
};

interface Explained {
  readonly changes: readonly ExplainedChange[];
  readonly notes: readonly string[];
  readonly continueFrom: string;
}

let start: StartProcess;
let stack: StackFile;
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "explain-"));
  const file = join(directory, "config.json");
  await writeFile(file, JSON.stringify(CONFIG));
  const schema = join(directory, "schema.sql");
  // The reader starts behind these statements.
  await writeFile(schema, "CREATE TABLE early (id INT PRIMARY KEY); INSERT INTO early VALUES (1);");
  start = startProcess(["--no-demo", "--config", file, "--schema", schema]);
  stack = await start.ready();
  await using administrator = await createConnection(stack.mysql);
  await administrator.query(
    "CREATE TABLE shop.orders (id BIGINT PRIMARY KEY, status VARCHAR(10), email VARCHAR(40), note TEXT)",
  );
  await administrator.query(
    "CREATE TABLE shop.lines (`order` INT, line INT, what VARCHAR(40), PRIMARY KEY (`order`, line))",
  );
});
afterAll(async () => {
  await start[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

async function run(...args: string[]): Promise<{ code: number; out: string; problem: string }> {
  return await binlogRouter([
    "explain",
    ...args,
    "--local",
    join(start.stateDirectory, "stack.json"),
  ]);
}

async function explain(...args: string[]): Promise<Explained> {
  const { code, out, problem } = await run(...args, "--json");
  expect({ code, problem }).toEqual({ code: 0, problem: "" });
  const explained = JSON.parse(out) as Explained;
  // The administrator's CREATE TABLE affects every row. Its author is not recorded because the
  // connection is closed.
  return { ...explained, changes: explained.changes.filter(({ op }) => op !== "ddl") };
}

function as(environment: string): Promise<Connection> {
  const [account] = stack.environments[environment]?.users ?? [];
  const { host, port } = stack.mysql;
  return createConnection({ host, port, ...account });
}

/** A small random number generator with a seed. */
function numbersFrom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

test("a change from before the first start is not reported as delivered", async () => {
  const { changes } = await explain("shop.early", "1");
  expect(changes.map(({ op }) => op)).toEqual(["c"]);
  // The author was not recorded at that time, so there is one answer for all queues.
  expect(changes.map(({ fate }) => fate?.kind)).toEqual(["before-start"]);
});

test(
  "explain agrees with the queues and tables on every change of a run with a killed reader and a deleted queue",
  async () => {
    console.info(`seed ${SEED}`);
    const random = numbersFrom(SEED);
    const { region, accessKeyId, secretAccessKey, sqsEndpoint } = stack.aws;
    const sqs = new SQSClient({
      region,
      endpoint: sqsEndpoint,
      credentials: { accessKeyId, secretAccessKey },
    });
    await sqs.send(
      new DeleteQueueCommand({ QueueUrl: stack.environments["test"]?.queues["search"] }),
    );
    sqs.destroy();
    const { test: withoutQueue, ...others } = stack.environments;
    const queues = { billing: withoutQueue?.queues["billing"] ?? "" };
    using taken = new EnvironmentQueues({
      ...stack,
      environments: { ...others, test: { users: [], queues } },
    });
    await using production = await as("production");
    await using staging = await as("staging");
    await using testing = await as("test");
    await using administrator = await createConnection({ ...stack.mysql });
    const writers = [production, staging, testing, administrator];
    const statuses = ["draft", "placed", "paid"];
    for (let change = 0; change < CHANGES; change++) {
      const writer = writers[random(writers.length)] as Connection;
      const id = 100 + random(ROWS);
      if (random(4) === 0) await writer.query("DELETE FROM shop.orders WHERE id = ?", [id]);
      else {
        const values = [id, statuses[random(3)], `${random(3)}@example.com`, `note ${change}`];
        await writer.query("REPLACE INTO shop.orders VALUES (?, ?, ?, ?)", values);
      }
      if (change === Math.floor(CHANGES / 2))
        process.kill(stack.processes["reader"] ?? 0, "SIGKILL");
      if (change === Math.floor(CHANGES / 3))
        process.kill(stack.processes["route"] ?? 0, "SIGKILL");
    }
    await writers[0]?.query("INSERT INTO shop.lines VALUES (1, 1, 'the last change')");
    await vi.waitUntil(
      () => taken.of("production", "audit").some(({ change }) => change.source.table === "lines"),
      PATIENCE,
    );
    // Other queues may receive their messages a moment later.
    const explained = await vi.waitFor(async () => {
      const { changes } = await explain("shop.orders", "--limit", "100000");
      const said = changes.flatMap(({ queues: each }) => each.map(({ kind }) => kind));
      expect(new Set(said)).not.toContain("on-its-way");
      expect(new Set(said)).not.toContain("not-read");
      const delivered = deliveries(changes);
      const had = new Set(
        taken.taken
          .filter(({ change }) => change.source.table === "orders" && change.op !== "ddl")
          .map(
            ({ environment, subscriber, change }) => `${environment} ${subscriber} ${change.id}`,
          ),
      );
      expect(delivered).toEqual(had);
      return changes;
    }, PATIENCE);

    // The changes reported as parked must be those in the failure records.
    const records = await recordedIds();
    const saidParked = explained.flatMap(({ id, queues: each }) =>
      each.flatMap((queue) => (queue.kind === "parked" ? [`${queue.queueName} ${id}`] : [])),
    );
    expect(records.size).toBeGreaterThan(0);
    expect(new Set(saidParked)).toEqual(records);

    expect(explained.length).toBeGreaterThan(CHANGES / 2);
    const kinds = new Set<string>();
    for (const change of explained) {
      expect(change.author).not.toBeNull();
      for (const queue of change.queues) {
        kinds.add(`${queue.subscriber} ${queue.kind}`);
        if (change.environment !== "test" || queue.subscriber !== "search") continue;
        expect(queue.kind).toBe("parked");
        const parked = "parked" in queue ? queue.parked : undefined;
        const reason = parked?.kind === "parked" ? (parked.behind ?? parked.reason) : "";
        expect(reason).toBe("queue-unavailable");
      }
    }
    expect(kinds).toEqual(
      new Set([
        "billing delivered",
        "billing filtered",
        "search delivered",
        "search parked",
        "audit delivered",
        "audit not-subscribed",
      ]),
    );
  },
  120_000 + 200 * CHANGES,
);

/** `queue id` of every change of shop.orders in the queues' failure records. */
async function recordedIds(): Promise<Set<string>> {
  using target = await localTarget(join(start.stateDirectory, "stack.json"));
  const bodies = bodyStore(payloadBucket(target.s3, target.payloadBucket));
  const ids = new Set<string>();
  for (const { stream, body } of await parkedRecords(target.dynamodb, target.failuresTable)) {
    if (stream.kind !== "queue" || body.kind === "removed") continue;
    const batch = readBatchBody(await bodies.load(body));
    if (batch.kind !== "messages") throw new Error("the router's own code failed");
    for (const message of batch.messages) {
      const { changes } = decodeMessage(String(message.body));
      for (const { id, op, source } of changes)
        if (op !== "ddl" && source.table === "orders") ids.add(`${stream.name} ${id}`);
    }
  }
  return ids;
}

/** `environment subscriber id` of every delivery. */
function deliveries(changes: readonly ExplainedChange[]): Set<string> {
  return new Set(
    changes.flatMap(({ id, queues }) =>
      queues.flatMap((queue) =>
        queue.kind === "delivered" ? [`${queue.environment} ${queue.subscriber} ${id}`] : [],
      ),
    ),
  );
}

/** The number of changes of a row and the notes, except for how far back the binlog goes. */
async function foundFor(...wanted: string[]): Promise<unknown[]> {
  const { changes, notes } = await explain(...wanted);
  return [changes.length, ...notes.filter((note) => !note.startsWith("The server's binlog"))];
}

describe("one row", () => {
  test("is found by its key, with its author, place, values to order, and what a subscriber does not see", async () => {
    await using staging = await as("staging");
    const id = "9007199254740993";
    await staging.query(
      `INSERT INTO shop.orders VALUES (${id}, 'placed', 'ada@example.com', 'secret')`,
    );
    await staging.query(`UPDATE shop.orders SET status = 'draft' WHERE id = ${id}`);
    const { changes, continueFrom } = await vi.waitFor(async () => {
      const found = await explain("shop.orders", id);
      expect(found.changes[1]?.queues).toMatchObject([
        { kind: "delivered" },
        { kind: "delivered" },
        { kind: "not-subscribed" },
      ]);
      return found;
    }, PATIENCE);
    expect(changes).toMatchObject([
      {
        op: "c",
        table: "shop.orders",
        author: { user: "app_staging", attribution: "tag" },
        environment: "staging",
        queues: [
          {
            subscriber: "billing",
            kind: "delivered",
            op: "c",
            hidden: { leftOut: [], masked: [] },
          },
          { subscriber: "search", hidden: { leftOut: ["note"], masked: ["email"] } },
          { subscriber: "audit", kind: "not-subscribed", why: "it has no queue in staging" },
        ],
      },
      {
        op: "u",
        queues: [
          { subscriber: "billing", kind: "delivered", op: "d" },
          { subscriber: "search", kind: "delivered", op: "u" },
          { subscriber: "audit", kind: "not-subscribed" },
        ],
      },
    ]);
    expect(JSON.stringify(changes)).not.toContain("secret");
    const { out } = await run("shop.orders", id, "--rows");
    expect(out).toContain(`insert of shop.orders {"id":${id}}`);
    expect(out).toContain('"note":"secret"');
    expect(out).toContain("delivered to shop-billing-staging.fifo (as delete)");
    expect(out).toContain("delivered to shop-search-staging.fifo (without note; masked: email)");
    const later = await explain("shop.orders", id, "--since", continueFrom);
    expect(later.changes).toEqual([]);
    const [{ gtid }] = changes as [ExplainedChange];
    const between = await explain("shop.orders", id, "--since", gtid ?? "", "--to", gtid ?? "");
    expect(between.changes.map(({ op }) => op)).toEqual(["c"]);
  });

  test("with two columns of a key, or by named columns", async () => {
    await using production = await as("production");
    await production.query("INSERT INTO shop.lines VALUES (42, 7, 'pen'), (42, 8, 'ink')");
    expect((await explain("shop.lines", "42", "7")).changes.map(({ key }) => key)).toEqual([
      { order: 42, line: 7 },
    ]);
    expect((await explain("shop.lines", "what=ink")).changes.map(({ key }) => key)).toEqual([
      { order: 42, line: 8 },
    ]);
  });

  test("is found in a table of any name and by a key of any type, and a value that cannot be right is answered", async () => {
    await using staging = await as("staging");
    const odd = "shop.`we.ird 'q\" größe`";
    await staging.query(
      `CREATE TABLE ${odd} (id BINARY(2), price DECIMAL(10, 2), at DATETIME(3), \`a=b\` INT, PRIMARY KEY (id, price, at))`,
    );
    await staging.query(`INSERT INTO ${odd} VALUES (x'0001', 1.5, '2026-10-25 02:30:00', 7)`);
    await staging.query("CREATE TABLE shop.old (id INT PRIMARY KEY)");
    await staging.query("RENAME TABLE shop.old TO shop.newer");
    await staging.query("INSERT INTO shop.newer VALUES (-5)");
    const name = `shop.we.ird 'q" größe`;
    expect(await foundFor(name, "AAE=", "1.50", "2026-10-25 02:30:00.000")).toEqual([1]);
    expect(await foundFor(name, "AAE=", "1.5", "2026-10-25 02:30:00")).toEqual([
      0,
      expect.stringContaining(': {"id":"AAE=","price":"1.50","at":"2026-10-25 02:30:00.000"}.'),
    ]);
    expect(await foundFor("shop.newer", "-5")).toEqual([
      1,
      expect.stringContaining("A statement in the stretch renames shop.newer, or"),
    ]);
    expect(await run("crm.orders", "1")).toMatchObject({
      code: 2,
      problem: expect.stringContaining("the router does not follow crm.orders"),
    });
  });

  test("is not read yet while the reader stands still", async () => {
    const { reader = 0 } = JSON.parse(JSON.stringify((await start.ready()).processes)) as Record<
      string,
      number
    >;
    process.kill(reader, "SIGSTOP");
    try {
      await using staging = await as("staging");
      await staging.query("INSERT INTO shop.orders VALUES (77, 'paid', '', '')");
      const { changes } = await explain("shop.orders", "77");
      expect(changes).toMatchObject([
        {
          author: { user: "app_staging" },
          queues: [{ kind: "not-read" }, { kind: "not-read" }, { kind: "not-subscribed" }],
        },
      ]);
    } finally {
      process.kill(reader, "SIGCONT");
    }
  });

  test("is reported as unchanged when no change is found; a binlog file that the server lacks is refused", async () => {
    const { out } = await run("shop.lines", "what=nothing", "--since", "mysql-bin.000001:4");
    expect(out).toContain("table definition of shop.lines");
    const end = /--since (\S+) continues/.exec(out)?.[1] ?? "";
    const nothing = await run("shop.lines", "what=nothing", "--since", end);
    expect(nothing.out).toContain("No change of the row was found.");
    const all = await run("shop.lines", "--since", end);
    expect(all.out).toContain("No row of shop.lines was changed.");
    const file = await run("shop.orders", "1", "--since", "mysql-bin.999999:4");
    expect(file).toMatchObject({ code: 2, problem: expect.stringContaining("its oldest is") });
  });
});
