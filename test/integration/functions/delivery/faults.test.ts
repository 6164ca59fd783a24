import { randomBytes } from "node:crypto";
import { PutItemCommand, QueryCommand } from "@aws-sdk/client-dynamodb";
import { Logger } from "@aws-lambda-powertools/logger";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  decodeRouting,
  encodeRouting,
  type RoutingInput,
  type Subscriber,
} from "../../../../config/routing.ts";
import type { Batch } from "../../../../functions/failures/parked.ts";
import { recordsAfter } from "../../../../functions/failures/records-after.ts";
import { readState } from "../../../../functions/failures/route-items.ts";
import { queueStream, threadStream } from "../../../../functions/failures/stream.ts";
import type { RetryRuntime } from "../../../../functions/retry/retry-handler.ts";
import { mapNonEmpty } from "../../../../functions/ground/non-empty.ts";
import { subscriptionsOf } from "../../../../functions/routing/subscriptions.ts";
import { troubledStreams } from "../../../../operator/commands/failures/failures-table.ts";
import { SessionsTable } from "../../../../reader/sessions/sessions-table.ts";
import { environmentQueueName } from "../../../../wire/names.ts";
import { SERVER, SOURCE, TestLane } from "../../../support/functions/frames.ts";
import { CountingMetrics, rawEvent, retry, route } from "../../../support/functions/invoke.ts";
import { numbers } from "../../../support/functions/received.ts";
import { targetOf } from "../../../support/functions/target.ts";
import { Stage } from "../../../support/functions/stage.ts";

const MINUTE_MS = 60_000;

const ROUTING = {
  environments: { production: { users: ["app_prod"] }, staging: { users: ["app_staging"] } },
  subscribers: {
    billing: { tables: ["shop.*"] },
    search: { tables: ["shop.*"], format: "debezium" },
  },
} satisfies RoutingInput;

let stage: Stage;
let runtime: RetryRuntime;
beforeEach(async () => {
  stage = await Stage.start(ROUTING);
  runtime = stage.runtime;
});
afterEach(async () => {
  await stage[Symbol.asyncDispose]();
});

const stateOf = (subscriber: string, environment: string) =>
  readState(
    stage.clients.dynamodb,
    "failures",
    queueStream(0, environmentQueueName(SOURCE, subscriber, environment)),
  );

/** A release whose message writer throws for the changes of one table. */
const faulty = (sound: RetryRuntime): RetryRuntime => ({
  ...sound,
  rules: {
    ...sound.rules,
    regroup: (group) => {
      if (group === "shop.odd") throw new TypeError('unexpected {"card":"4111"}');
      return group;
    },
  },
});

describe("a queue in trouble", () => {
  test("does not delay other environments with a statement that its format leaves out", async () => {
    const lane = new TestLane();
    const name = environmentQueueName(SOURCE, "search", "staging");
    const broken = stage.aws.faults.add({
      service: "sqs",
      action: "SendMessage*",
      resource: name,
      effect: { kind: "error", code: "InternalFailure" },
    });
    expect(await route(runtime, rawEvent([lane.frame([{ user: "app_staging" }])]))).toEqual([]);
    broken.remove();
    const frames = [
      lane.frame([{ user: "app_staging", op: "ddl" }]),
      lane.frame([{ user: "app_prod" }]),
    ];
    for (const frame of frames) expect(await route(runtime, rawEvent([frame]))).toEqual([]);
    expect(numbers(await stage.receiveAll("production"))).toEqual([3]);

    stage.clock.advance(MINUTE_MS);
    await retry(runtime);
    expect(await stateOf("search", "staging")).toMatchObject({ status: "closed" });
    expect(await stage.receiveAll("staging", "search")).toHaveLength(1);
  });
});

/** A text that is too large for an SQS message even after compression. */
function largeText(): string {
  return randomBytes(800_000).toString("base64");
}

/** Functions whose bucket refuses keys with these prefixes. */
function refusing(...prefixes: readonly string[]): RetryRuntime {
  const clients = stage.newClients();
  clients.s3.middlewareStack.add(
    (next) => async (args) => {
      const key = "Key" in args.input ? (args.input.Key ?? "") : "";
      if (!prefixes.some((prefix) => key.startsWith(prefix))) return await next(args);
      throw Object.assign(new Error("Access Denied"), { name: "AccessDenied", $metadata: {} });
    },
    { step: "initialize" },
  );
  return stage.runtimeWith(clients);
}

describe("a payload bucket that refuses the bodies of one environment", () => {
  test("causes only that queue's messages to be parked, without a delay of other environments", async () => {
    const lane = new TestLane();
    const release = refusing("messages/staging/");
    const frame = lane.frame([{ user: "app_staging", text: largeText() }, {}]);
    expect(await route(release, rawEvent([frame]))).toEqual([]);
    expect(numbers(await stage.receiveAll("production"))).toEqual([2]);
    for (const attempts of [0, 1]) {
      const state = await stateOf("billing", "staging");
      expect(state).toMatchObject({
        status: "open",
        attempts,
        trouble: { reason: "access-denied" },
      });
      expect(state?.trouble.error).toContain("messages/staging/: AccessDenied");
      stage.clock.advance(MINUTE_MS);
      if (attempts === 0) await retry(release);
    }
    await retry(runtime);
    expect(await stateOf("billing", "staging")).toMatchObject({ status: "closed" });
    expect(await stage.receiveAll("staging")).toHaveLength(1);
  });

  test("stops the lane when it refuses failure records as well", async () => {
    const event = rawEvent([new TestLane().frame([{ user: "app_staging", text: largeText() }])]);
    expect(await route(refusing("messages/staging/", "failures/"), event)).toHaveLength(1);
    expect(await route(runtime, event)).toEqual([]);
    expect(await stage.receiveAll("staging")).toHaveLength(1);
  });
});

function namedAfterMessages(batch: Batch): Batch {
  return { ...batch, ...batch.former };
}

test("a record that an earlier release named after its messages is found", async () => {
  const { streams, lanes } = runtime.effects;
  /** The function is killed before the lane's position moves. */
  const earlier: RetryRuntime = {
    ...runtime,
    effects: {
      ...runtime.effects,
      streams: {
        ...streams,
        park: (stream, batches, trouble) =>
          streams.park(stream, mapNonEmpty(batches, namedAfterMessages), trouble),
      },
      lanes: {
        ...lanes,
        write: async (from, next) => {
          if (next.delivered !== from.delivered) throw new Error("killed");
          return await lanes.write(from, next);
        },
      },
    },
  };
  const name = environmentQueueName(SOURCE, "search", "staging");
  const broken = stage.breakQueue("staging", "InternalFailure", "search");
  const statement = { user: "app_staging", op: "ddl" } as const;
  const frame = new TestLane().frame([statement, { user: "app_staging" }, statement]);
  expect(await route(earlier, rawEvent([frame]))).toHaveLength(1);
  expect(await route(runtime, rawEvent([frame]))).toEqual([]);
  broken.remove();
  const { Count: records } = await stage.clients.dynamodb.send(
    new QueryCommand({ TableName: "failures", ...recordsAfter(queueStream(0, name), "") }),
  );
  expect(records).toBe(1);
  stage.clock.advance(MINUTE_MS);
  await retry(runtime);
  expect(await stage.receiveAll("staging", "search")).toHaveLength(1);
  expect(await stateOf("search", "staging")).toMatchObject({ status: "closed" });
});

/** A retry function with the mistake counts its attempt for billing's queue as failed. */
async function failsAgain(release: RetryRuntime, environment: string): Promise<void> {
  stage.clock.advance(MINUTE_MS);
  await retry(release);
  expect(await stateOf("billing", environment)).toMatchObject({
    status: "open",
    attempts: 1,
    trouble: { reason: "fault" },
  });
}

describe("an error of the router's code", () => {
  test("parks one queue's share, which a corrected release delivers in order", async () => {
    const lane = new TestLane();
    const metrics = new CountingMetrics();
    const odd = { user: "app_staging", table: "shop.odd" };
    const frames = [
      lane.frame([{ user: "app_prod" }, { user: "app_staging" }]),
      lane.frame([{ user: "app_prod" }, odd, { user: "app_staging", table: "shop.odd" }]),
      lane.frame([{ user: "app_prod" }, odd]),
    ];
    const release = faulty(runtime);
    for (const frame of frames) {
      expect(await route(release, rawEvent([frame]), metrics)).toEqual([]);
    }
    expect(numbers(await stage.receiveAll("production"))).toEqual([1, 3, 6]);
    expect(numbers(await stage.receiveAll("staging"))).toEqual([2]);
    expect(metrics.totals.get("ChangesFaulty")).toBe(6);
    const state = await stateOf("billing", "staging");
    expect(state).toMatchObject({ status: "open", trouble: { reason: "fault" } });
    expect(state?.trouble.error).toMatch(/^TypeError at /);
    expect(state?.trouble.error).not.toMatch(/4111/);

    await failsAgain(release, "staging");
    expect(await stage.receiveAll("staging")).toEqual([]);

    stage.clock.advance(20 * MINUTE_MS);
    await retry(runtime);
    expect(numbers(await stage.receiveAll("staging"))).toEqual([4, 5, 7]);
    expect(await stateOf("billing", "staging")).toMatchObject({ status: "closed" });
  });

  test("in the patterns of one subscriber parks its queues' shares", async () => {
    const lane = new TestLane();
    const routing = decodeRouting(encodeRouting(ROUTING));
    const { billing, ...others } = routing.subscribers;
    const broken = Object.defineProperty({ ...billing }, "tables", { get: quoting }) as Subscriber;
    const subscribers = { ...others, billing: broken };
    const release: RetryRuntime = {
      ...runtime,
      rules: {
        ...runtime.rules,
        subscriptions: subscriptionsOf(SOURCE, { ...routing, subscribers }),
      },
    };
    const metrics = new CountingMetrics();
    const frame = lane.frame([{}, { user: "app_staging" }, { table: "other.table" }]);
    expect(await route(release, rawEvent([frame]), metrics)).toEqual([]);
    expect(await stage.receiveAll("production", "search")).toHaveLength(1);
    expect(await stage.receiveAll("production")).toEqual([]);
    expect(metrics.totals.get("ChangesFaulty")).toBe(3);

    await failsAgain(release, "production");
    stage.clock.advance(20 * MINUTE_MS);
    await retry(runtime);
    expect(numbers(await stage.receiveAll("production"))).toEqual([1]);
    expect(numbers(await stage.receiveAll("staging"))).toEqual([2]);
    expect(await stateOf("billing", "production")).toMatchObject({ status: "closed" });
  });

  test("in the choice of a change's receivers parks that change", async () => {
    const lane = new TestLane();
    const { rules } = runtime;
    const release: RetryRuntime = {
      ...runtime,
      rules: {
        ...rules,
        environmentOf: Object.assign(
          (user: string, host: string) => {
            if (user === "odd_user") throw new RangeError("a mistake");
            return rules.environmentOf(user, host);
          },
          { dependsOnHost: () => false },
        ),
      },
    };
    const metrics = new CountingMetrics();
    const frame = lane.frame([{}, { user: "odd_user", thread: 9 }, {}]);
    expect(await route(release, rawEvent([frame]), metrics)).toEqual([]);
    expect(numbers(await stage.receiveAll("production"))).toEqual([1, 3]);
    expect(metrics.totals.get("ChangesFaulty")).toBe(1);

    stage.clock.advance(MINUTE_MS);
    await retry(release);
    expect(await stage.receiveAll("unrouted")).toEqual([]);
    stage.clock.advance(20 * MINUTE_MS);
    await retry(runtime);
    expect(numbers(await stage.receiveAll("unrouted"))).toEqual([2]);
  });

  test("parks the share behind the queue's parked records", async () => {
    const lane = new TestLane();
    const broken = stage.breakQueue("staging", "InternalFailure");
    await route(runtime, rawEvent([lane.frame([{ user: "app_staging" }])]));
    broken.remove();
    await route(
      faulty(runtime),
      rawEvent([lane.frame([{ user: "app_staging", table: "shop.odd" }])]),
    );
    stage.clock.advance(MINUTE_MS);
    await retry(runtime);
    expect(numbers(await stage.receiveAll("staging"))).toEqual([1, 2]);
  });
});

function quoting(): never {
  throw new Error('unexpected {"card":"4111"}');
}

describe("a plain Error of the retry function's code", () => {
  const backoff = { baseMs: 1000, longestMs: 1000, attempts: 3 };

  test("counts as a failed attempt of the record until the record is given up", async () => {
    const lane = new TestLane();
    const thread = 9;
    expect(await route(runtime, rawEvent([lane.frame([{ user: null, thread }])]))).toEqual([]);
    const connection = { server: SERVER, run: 1, thread };
    const author = { from: "", user: "app_prod", host: "", attribution: "sweep" } as const;
    await new SessionsTable(stage.clients.dynamodb, "sessions").record([
      { connection, entries: [author] },
    ]);
    const { rules } = runtime;
    const environmentOf = Object.assign(() => quoting(), { dependsOnHost: () => false });
    const release: RetryRuntime = { ...runtime, rules: { ...rules, environmentOf } };
    const metrics = new CountingMetrics();
    for (let attempts = 1; attempts <= 3; attempts++) {
      stage.clock.advance(MINUTE_MS);
      await retry(release, { metrics, backoff });
      const state = await readState(
        stage.clients.dynamodb,
        "failures",
        threadStream(0, connection),
      );
      expect(state).toMatchObject({
        status: attempts === 3 ? "dead" : "open",
        attempts,
        trouble: { reason: "fault", error: expect.stringMatching(/^Error at /) as string },
      });
      expect(state?.trouble.error).not.toMatch(/4111/);
    }
    // An alarm watches this metric.
    expect(metrics.totals.get("ChangesFaulty")).toBe(1);
    expect(metrics.totals.get("FailuresDead")).toBe(1);
  });

  test("counts as a failed attempt even before a record is read, is logged without its message, and stays with its stream", async () => {
    const lane = new TestLane();
    const broken = [
      stage.breakQueue("staging", "Denied"),
      stage.breakQueue("production", "Denied"),
    ];
    const frame = lane.frame([{ user: "app_staging" }, {}]);
    expect(await route(runtime, rawEvent([frame]))).toEqual([]);
    for (const fault of broken) fault.remove();
    const odd = environmentQueueName(SOURCE, "billing", "staging");
    const { items } = runtime;
    const release: RetryRuntime = {
      ...runtime,
      items: {
        ...items,
        next: (stream, ...rest) => (stream.name === odd ? quoting() : items.next(stream, ...rest)),
      },
    };
    const logger = new Logger({ logLevel: "SILENT" });
    const logged = vi.spyOn(logger, "error");
    const metrics = new CountingMetrics();
    for (let attempts = 1; attempts <= 3; attempts++) {
      stage.clock.advance(MINUTE_MS);
      await retry(release, { metrics, backoff, logger });
      expect(await stateOf("billing", "staging")).toMatchObject({
        status: attempts === 3 ? "dead" : "open",
        attempts,
        trouble: { reason: "fault", error: expect.stringMatching(/^Error at /) as string },
      });
    }
    expect(numbers(await stage.receiveAll("production"))).toEqual([2]);
    expect(metrics.totals.get("ChangesFaulty")).toBe(3);
    expect(logged).toHaveBeenCalledWith("the router's code failed on a stream", {
      stream: `queue/0/${odd}`,
      fault: expect.stringMatching(/^Error at /) as string,
    });
    expect(JSON.stringify(logged.mock.calls)).not.toMatch(/4111/);
  });

  test("an unreadable name in the index of due streams does not delay the other streams", async () => {
    const broken = stage.breakQueue("production", "Denied");
    const thread = 9;
    const frame = new TestLane().frame([{}, { user: null, thread }]);
    expect(await route(runtime, rawEvent([frame]))).toEqual([]);
    broken.remove();
    const author = { from: "", user: "app_staging", host: "", attribution: "sweep" } as const;
    await new SessionsTable(stage.clients.dynamodb, "sessions").record([
      { connection: { server: SERVER, run: 1, thread }, entries: [author] },
    ]);
    const names = ["shard/0/of-a-later-release", "thread/0/of-a-later-release"];
    for (const name of names) {
      await stage.clients.dynamodb.send(
        new PutItemCommand({
          TableName: "failures",
          Item: {
            stream: { S: name },
            position: { S: "~state" },
            status: { S: "open" },
            due: { S: "open" },
            nextAttempt: { N: "0" },
          },
        }),
      );
    }
    stage.clock.advance(MINUTE_MS);
    const logger = new Logger({ logLevel: "SILENT" });
    const logged = vi.spyOn(logger, "error");
    const metrics = new CountingMetrics();
    await retry(runtime, { metrics, logger });
    expect(numbers(await stage.receiveAll("production"))).toEqual([1]);
    expect(numbers(await stage.receiveAll("staging"))).toEqual([2]);
    expect(metrics.totals.get("ChangesFaulty")).toBe(names.length);
    for (const name of names) {
      expect(logged).toHaveBeenCalledWith(expect.any(String), { stream: name });
    }
    using target = targetOf(stage);
    const left = await troubledStreams(target);
    expect(left.map(({ stream }) => stream)).toEqual(
      expect.arrayContaining(names.map((name) => ({ kind: "unknown", name }))),
    );
    expect(left).toHaveLength(names.length);
  });
});
