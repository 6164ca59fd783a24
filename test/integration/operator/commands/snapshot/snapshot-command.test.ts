import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateQueueCommand } from "@aws-sdk/client-sqs";
import { GetItemCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { rawDeadLetterQueueName } from "../../../../../config/queues.ts";
import {
  reportAttribute,
  SNAPSHOTS_KEY,
  snapshotsIn,
  type SnapshotOrder,
  type SnapshotReport,
} from "../../../../../wire/snapshot-items.ts";
import { allSnapshots, placeOrder } from "../../../../../operator/commands/snapshot/orders.ts";
import { tendInitial } from "../../../../../reader/snapshot/initial-orders.ts";
import { OrderStore } from "../../../../../reader/snapshot/order-store.ts";
import { CALLER, describeStacks } from "../../../../support/cloud-formation.ts";
import { SOURCE } from "../../../../support/functions/frames.ts";
import { Stage } from "../../../../support/functions/stage.ts";
import { binlogRouter, stackFileOf, type Ended } from "../../../../support/operator.ts";

const BEGUN: SnapshotReport = {
  state: "running",
  reason: "",
  tables: ["shop.orders", "shop.payments"],
  tablesDone: 0,
  rows: 0,
  estimatedRows: 4000,
  chunks: 0,
  rereads: 0,
  begunMs: null,
  updatedMs: 1_795_190_000_000,
};
const START = ["start", "--subscriber", "billing", "--environment", "staging"];

describe("npm run snapshot", () => {
  let stage: Stage;
  let directory: string;

  beforeEach(async () => {
    stage = await Stage.start();
    await stage.clients.sqs.send(
      new CreateQueueCommand({
        QueueName: rawDeadLetterQueueName(SOURCE),
        Attributes: { FifoQueue: "true" },
      }),
    );
    directory = await mkdtemp(join(tmpdir(), "snapshot-command-"));
    await writeFile(join(directory, "stack.json"), JSON.stringify(stackFileOf(stage.aws)));
  });

  afterEach(async () => {
    await rm(directory, { recursive: true });
    await stage[Symbol.asyncDispose]();
  });

  const snapshot = (...args: string[]): Promise<Ended> =>
    binlogRouter(["snapshot", ...args, "--local", join(directory, "stack.json")]);

  /** Pauses, resumes and cancels the snapshot. */
  async function steer(command: typeof snapshot, id: string): Promise<void> {
    for (const [verb, wanted] of [
      ["pause", "pause"],
      ["resume", "run"],
      ["cancel", "cancel"],
    ] as const) {
      const yes = verb === "cancel" ? ["--yes"] : [];
      expect(await command(verb, id, ...yes)).toMatchObject({ code: 0 });
      expect((await orders())[0]?.wanted).toBe(wanted);
    }
  }

  async function orders(): Promise<readonly SnapshotOrder[]> {
    const { Item: item = {} } = await stage.clients.dynamodb.send(
      new GetItemCommand({ TableName: "offsets", Key: { ...SNAPSHOTS_KEY } }),
    );
    return snapshotsIn(item).map(({ order }) => order);
  }

  /** Writes a report as the reader does. */
  async function reports(id: string, report: Partial<SnapshotReport>): Promise<void> {
    const [name, value] = reportAttribute(id, { ...BEGUN, ...report });
    await stage.clients.dynamodb.send(
      new UpdateItemCommand({
        TableName: "offsets",
        Key: { ...SNAPSHOTS_KEY },
        UpdateExpression: "SET #report = :report",
        ExpressionAttributeNames: { "#report": name },
        ExpressionAttributeValues: { ":report": value },
      }),
    );
  }

  /** Answers the next order as the reader does. */
  async function answers(report: Partial<SnapshotReport>): Promise<string> {
    for (;;) {
      const [order] = await orders();
      if (order !== undefined) {
        await reports(order.id, report);
        return order.id;
      }
      await new Promise(setImmediate);
    }
  }

  test("the oldest ended snapshots are deleted, but not initial ones, which would be ordered again", async () => {
    const table = { dynamodb: stage.clients.dynamodb, offsetsTable: "offsets" };
    const store = new OrderStore(stage.clients.dynamodb, "offsets");
    const pair = { subscriber: "billing", environment: "staging", tables: ["shop.*"] };
    const place = async (id: string): Promise<void> => {
      const order = { ...pair, id, startedBy: "test", startedMs: Date.now() + 1 };
      await placeOrder(table, { ...order, wanted: "run" }, await allSnapshots(table));
    };
    await tendInitial({ source: "shop", pairs: [pair] }, store, [], Date.now());
    const ended = Array.from({ length: 101 }, (_, index) => `ended-${1000 + index}`);
    for (const id of ended) await place(id);
    const ids = (await orders()).map(({ id }) => id);
    for (const id of ids) await reports(id, { state: "complete" });
    await place("new");
    await tendInitial({ source: "shop", pairs: [pair] }, store, await store.load(), Date.now());
    const kept = await allSnapshots(table);
    expect(kept.map(({ order }) => order.id)).toEqual([ids[0], ...ended.slice(2), "new"]);
    expect(kept.filter(({ report }) => report === null)).toHaveLength(1);

    // Those with many tables would fill the item.
    const tables = Array.from({ length: 1000 }, (_, n) => `shop.${"t".repeat(50)}${n}`);
    for (const id of ended.slice(-3)) await reports(id, { state: "complete", tables });
    await place("newest");
    const few = (await allSnapshots(table)).map(({ order }) => order.id);
    expect(few).toEqual([ids[0], ...ended.slice(-2), "new", "newest"]);
  });

  test("a snapshot that was cancelled is not resumed or paused, also before a reader saw it", async () => {
    const table = { dynamodb: stage.clients.dynamodb, offsetsTable: "offsets" };
    const pair = { subscriber: "billing", environment: "staging", tables: ["shop.*"] };
    const order = { ...pair, id: "one", startedBy: "test", startedMs: 1, wanted: "run" } as const;
    await placeOrder(table, order, []);
    expect((await snapshot("cancel", "one", "--yes")).code).toBe(0);
    for (const verb of ["resume", "pause"]) {
      expect(await snapshot(verb, "one")).toMatchObject({
        code: 2,
        problem: "the snapshot one was cancelled, or does not exist any more\n",
      });
    }
    expect((await orders())[0]?.wanted).toBe("cancel");
    // Whoever cancels it a second time gets what he wants.
    expect((await snapshot("cancel", "one", "--yes")).code).toBe(0);
  });

  test("orders a snapshot, shows how far it is, pauses, resumes and cancels it", async () => {
    const started = snapshot(
      ...START,
      "--tables",
      "shop.orders, shop.pay*",
      "--where",
      "total > 5",
      "--rate",
      "500",
    );
    const id = await answers({});
    expect(await started).toMatchObject({
      code: 0,
      out: expect.stringContaining(`Snapshot ${id} is running: 0 rows, 0 %`) as string,
    });
    expect(await orders()).toEqual([
      {
        id,
        subscriber: "billing",
        environment: "staging",
        tables: ["shop.orders", "shop.pay*"],
        where: "total > 5",
        rate: 500,
        startedBy: expect.stringMatching(/./) as string,
        startedMs: expect.any(Number) as number,
        wanted: "run",
      },
    ]);

    const begunMs = BEGUN.updatedMs - 10_000;
    await reports(id, { rows: 1000, chunks: 2, tablesDone: 1, rereads: 3, begunMs });
    expect(JSON.parse((await snapshot("show", id, "--json")).out)).toMatchObject({
      id,
      state: "running",
      tables: ["shop.orders", "shop.payments"],
      tablesDone: 1,
      rows: 1000,
      percent: 25,
      secondsLeft: 30,
      chunks: 2,
      rereads: 3,
      startedBy: expect.stringMatching(/./) as string,
    });
    expect((await snapshot("show", id)).out).toContain("1000 rows, 25 %, about 30 s left");
    expect((await snapshot("list")).out).toContain("billing in staging");

    await steer(snapshot, id);
    await reports(id, { state: "cancelled" });
    expect(await snapshot("resume", id)).toEqual({
      code: 2,
      out: "",
      problem: `the snapshot ${id} is cancelled already\n`,
    });
    expect(await snapshot("show", id, "--watch")).toMatchObject({ code: 0 });
  });

  test("works on a deployed stack, found by its outputs, and records who ordered the snapshot", async () => {
    await using cloudFormation = await describeStacks({
      OffsetsTable: "offsets",
      FailuresTable: "failures",
      SessionsTable: "sessions",
      PayloadBucket: "payloads",
      RawDeadLetterQueueUrl: stage.queueUrl(rawDeadLetterQueueName(SOURCE)),
    });
    const environment = {
      ...stage.aws.environment(),
      AWS_ENDPOINT_URL_CLOUDFORMATION: cloudFormation.url,
      AWS_ENDPOINT_URL_STS: cloudFormation.url,
    };
    const deployed = (...args: string[]): Promise<Ended> =>
      binlogRouter(["snapshot", ...args, "--stack", "shop-router"], environment);
    const started = deployed(...START, "--tables", "shop.orders", "--json");
    const id = await answers({});
    expect(await started).toMatchObject({ code: 0, problem: "" });
    expect(await orders()).toMatchObject([{ id, startedBy: CALLER, wanted: "run" }]);
    expect((await deployed("list")).out).toContain("billing in staging");
    await steer(deployed, id);
    const inMoon = ["start", "--subscriber", "billing", "--environment", "moon"];
    const refused = await deployed(...inMoon, "--tables", "shop.*");
    expect(refused).toMatchObject({ code: 2, problem: expect.stringContaining("moon") as string });
  });

  test("passes on why the reader refuses", async () => {
    const started = snapshot(...START, "--tables", "shop.keyless");
    await answers({ state: "refused", reason: "shop.keyless has no primary key" });
    expect(await started).toEqual({
      code: 2,
      out: "",
      problem: "the reader refuses: shop.keyless has no primary key\n",
    });
  });

  test.each([
    [
      "a pair without a queue",
      ["--subscriber", "billing", "--environment", "moon", "--tables", "shop.*"],
      /^the subscriber "billing" has no queue in the environment "moon" \(.*moon\.fifo\)/,
    ],
    [
      "an unknown subscriber",
      ["--subscriber", "nobody", "--environment", "staging", "--tables", "shop.*"],
      /^the subscriber "nobody" has no queue in the environment "staging" .*take both names from the configuration/,
    ],
    ["no table", [...START.slice(1), "--tables", " ,"], /^--tables names no table/],
    [
      "an invalid pattern",
      [...START.slice(1), "--tables", "orders"],
      /^--tables: "orders" is not a table pattern/,
    ],
    [
      "an empty condition",
      [...START.slice(1), "--tables", "shop.*", "--where", " "],
      /^--where is empty/,
    ],
    [
      "a rate at which it never ends",
      [...START.slice(1), "--tables", "shop.*", "--rate", "0"],
      /^--rate 0/,
    ],
  ])("refuses %s at once, and orders nothing", async (_what, args, sentence) => {
    const ended = await snapshot("start", ...args);
    expect(ended).toMatchObject({ code: 2, out: "" });
    expect(ended.problem).toMatch(sentence);
    expect(await orders()).toEqual([]);
  });

  test("says that no snapshot has an id", async () => {
    expect(await snapshot("show", "nobody")).toMatchObject({
      code: 2,
      problem: "there is no snapshot nobody; npm run snapshot -- list shows them\n",
    });
    expect((await snapshot("list")).out).toBe("There are no snapshots.\n");
  });
});
