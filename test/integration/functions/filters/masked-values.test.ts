import { Logger } from "@aws-lambda-powertools/logger";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { FORMATS, type Format } from "../../../../wire/formats/formats.ts";
import type { RoutingInput } from "../../../../config/routing.ts";
import { keyGroup } from "../../../../functions/routing/message-group.ts";
import { routeHandler } from "../../../../functions/route/route-handler.ts";
import { readState } from "../../../../functions/failures/route-items.ts";
import { queueStream } from "../../../../functions/failures/stream.ts";
import { retryHandler, type RetryRuntime } from "../../../../functions/retry/retry-handler.ts";
import { environmentQueueName } from "../../../../wire/names.ts";
import {
  SOURCE,
  TestLane,
  type TestChange,
  withShapes,
} from "../../../support/functions/frames.ts";
import { CountingMetrics, rawEvent } from "../../../support/functions/invoke.ts";
import { Stage } from "../../../support/functions/stage.ts";
import { WrittenBytes } from "../../../support/functions/written-bytes.ts";

const MINUTE_MS = 60_000;
const FORMAT_NAMES = Object.keys(FORMATS) as Format[];
/** A value and a key's digits that no byte stored for a subscriber may contain. */
const SECRET = "s3cr3t 🦊 of Ada Lovelace";
const KEY = 8_471_203_956;

const COLUMNS = {
  exclude: ["shop.*.text"],
  mask: { "shop.*.ID": "hash", "shop.*.mail": "last4" },
} as const;

function routing(columns: object): RoutingInput {
  const subscriber = { tables: ["shop.*"], ...columns };
  return {
    environments: { production: { users: ["app_prod"] }, staging: { users: ["app_staging"] } },
    subscribers: Object.fromEntries(
      FORMAT_NAMES.map((format, index) => [
        format,
        { ...subscriber, format, ...(index < 2 && { groupBy: "key" as const }) },
      ]),
    ),
  };
}

let stage: Stage;
let written: WrittenBytes;
const logger = new Logger({ logLevel: "DEBUG" });

async function begin(columns: object): Promise<void> {
  stage = await Stage.start(routing(columns));
  written = new WrittenBytes();
  written.watch(stage.clients);
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, "write").mockImplementation((text) => {
      written.add(text);
      return true;
    });
  }
}
beforeEach(() => begin({ columns: COLUMNS }));
afterEach(async () => {
  vi.restoreAllMocks();
  await stage[Symbol.asyncDispose]();
});

const metrics = new CountingMetrics();

async function route(runtime: RetryRuntime, frame: string): Promise<void> {
  const handler = routeHandler({ runtime, logger, metrics });
  const { batchItemFailures } = await handler(rawEvent([withShapes(frame)]), {
    getRemainingTimeInMillis: () => 0,
  });
  expect(batchItemFailures).toEqual([]);
}

async function retry(runtime: RetryRuntime): Promise<void> {
  stage.clock.advance(20 * MINUTE_MS);
  const handler = retryHandler({ runtime, logger, metrics });
  await handler({}, { getRemainingTimeInMillis: () => 55_000 });
}

/** A release that fails for every change of one table, with an error that quotes the row. */
const faulty = (runtime: RetryRuntime): RetryRuntime => ({
  ...runtime,
  rules: {
    ...runtime.rules,
    regroup: (group, change) => {
      if (group.startsWith("shop.odd")) throw new TypeError(`unexpected ${change.after}`);
      return group;
    },
  },
});

const secret = (change: TestChange): TestChange => ({
  text: SECRET,
  mail: `${SECRET}@example.com`,
  id: KEY,
  ...change,
});

/**
 * Routes small and large rows and rows with a changed key; some are parked, fail, or are retried.
 */
async function run(): Promise<void> {
  const lane = new TestLane();
  const changes = [
    secret({ op: "c" }),
    secret({ op: "u" }),
    secret({ op: "u", id: 5, oldId: KEY }),
    secret({ op: "d" }),
    secret({ op: "c", pad: "x".repeat(1_200_000) }),
    secret({ op: "t" }),
  ];
  await route(stage.runtime, lane.frame(changes));
  const broken = Object.keys(routing({}).subscribers).map((subscriber) =>
    stage.breakQueue("production", "AccessDenied", subscriber),
  );
  await route(stage.runtime, lane.frame(changes));
  await route(stage.runtime, lane.frame(changes));
  await retry(stage.runtime);
  for (const fault of broken) fault.remove();
  await retry(stage.runtime);
  await route(faulty(stage.runtime), lane.frame([secret({ table: "shop.odd" })]));
  await retry(faulty(stage.runtime));
}

/** The functions after a deployment in which the subscribers' names end with `suffix`. */
function deployed(columns: object, suffix = ""): RetryRuntime {
  const { subscribers, ...rest } = routing({ columns });
  const named = Object.entries(subscribers).map(([subscriber, rules]) => [
    subscriber + suffix,
    rules,
  ]);
  stage.deploy({ ...rest, subscribers: Object.fromEntries(named) as typeof subscribers });
  const clients = stage.newClients();
  written.watch(clients);
  return stage.runtimeWith(clients);
}

/** The number of messages in each format's queue. Receives them all. */
async function received(): Promise<number[]> {
  const all = FORMAT_NAMES.map((subscriber) => stage.receiveAll("production", subscriber));
  return (await Promise.all(all)).map(({ length }) => length);
}

describe("a subscriber's masked columns", () => {
  test("are absent from every request to a queue, record or payload, and from every log", async () => {
    await run();
    const state = await readState(
      stage.clients.dynamodb,
      "failures",
      queueStream(0, environmentQueueName(SOURCE, "envelope", "production")),
    );
    expect(state).toMatchObject({ status: "open", trouble: { reason: "fault" } });
    expect(written.bytes).toBeGreaterThan(10_000_000);
    for (const hidden of [SECRET, JSON.stringify(SECRET).slice(1, -1), String(KEY)]) {
      expect(written.holding(hidden), hidden).toBe(0);
    }
    expect(written.holding(keyGroup("shop", "orders", JSON.stringify({ id: KEY })))).toBe(0);

    await retry(stage.runtime);
    const counts = FORMAT_NAMES.map(async (subscriber) => {
      const messages = await stage.receiveAll("production", subscriber);
      return [subscriber, messages.length] as const;
    });
    const taken = Object.fromEntries(await Promise.all(counts));
    // These are the messages of three frames and of the frame that failed. Maxwell omits
    // truncations, and two formats or groups split an update of a key.
    expect(taken).toMatchObject({ debezium: 22, maxwell: 16, canal: 19 });
    expect(Math.min(...Object.values(taken))).toBeGreaterThan(2);
    for (const hidden of [SECRET, String(KEY)]) expect(written.holding(hidden), hidden).toBe(0);
  });

  test("stay hidden in a tool's copy, under another name, and when their subscriber is renamed or removed meanwhile", async () => {
    const lane = new TestLane();
    const exact = { exclude: ["shop.orders.text"], mask: { "shop.orders.*": "hash" } } as const;
    const gone = { ...exact, exclude: [...exact.exclude, "shop.orders.gone"] };
    // A schema-change tool's copy of the table, which its triggers fill under the application's
    // account.
    await route(
      deployed(exact),
      lane.frame(["_orders_gho", "_orders_new"].map((name) => secret({ table: `shop.${name}` }))),
    );
    expect(Math.min(...(await received()))).toBeGreaterThan(0);
    // A hidden column was renamed: the messages of every format wait.
    await route(deployed(gone), lane.frame([secret({}), secret({ op: "d" })]));
    await retry(deployed(gone));
    expect(await received()).toEqual(FORMAT_NAMES.map(() => 0));
    for (const name of ["-renamed", "-again"]) await retry(deployed(exact, name));
    expect(await received()).toEqual(FORMAT_NAMES.map(() => 0));
    for (const hidden of [SECRET, String(KEY)]) expect(written.holding(hidden), hidden).toBe(0);

    await retry(deployed(exact));
    expect(Math.min(...(await received()))).toBeGreaterThan(0);
    for (const hidden of [SECRET, String(KEY)]) expect(written.holding(hidden), hidden).toBe(0);
  });

  test("are found by the same search when they are not masked", async () => {
    vi.restoreAllMocks();
    await stage[Symbol.asyncDispose]();
    await begin({});
    await run();
    expect(written.holding(SECRET)).toBeGreaterThan(20);
    expect(written.holding(String(KEY))).toBeGreaterThan(20);
  });
});
