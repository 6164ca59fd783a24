import { DeleteQueueCommand, SetQueueAttributesCommand } from "@aws-sdk/client-sqs";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { fixedPatience } from "../../../../functions/delivery/patience.ts";
import { Consumer } from "../../../support/functions/consumer.ts";
import { readState } from "../../../../functions/failures/route-items.ts";
import { queueStream } from "../../../../functions/failures/stream.ts";
import { TestLane } from "../../../support/functions/frames.ts";
import { CountingMetrics, rawEvent, retry, route } from "../../../support/functions/invoke.ts";
import { numbers } from "../../../support/functions/received.ts";
import { Stage } from "../../../support/functions/stage.ts";
import { watchSends } from "../../../support/functions/watched-sends.ts";

const MINUTE_MS = 60_000;

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.start();
});
afterEach(async () => {
  await stage[Symbol.asyncDispose]();
});

describe("the route function", () => {
  test("delivers each change to its author's environment only, in order", async () => {
    const lane = new TestLane();
    const frames = [
      lane.frame([{ user: "app_prod" }, { user: "stg_ann" }, { user: "app_prod" }]),
      lane.frame([{ user: "app_test" }, { user: "dba" }, { user: "app_prod" }]),
    ];
    const metrics = new CountingMetrics();

    expect(await route(stage.runtime, rawEvent(frames), metrics)).toEqual([]);

    expect(numbers(await stage.receiveAll("production"))).toEqual([1, 3, 6]);
    expect(numbers(await stage.receiveAll("staging"))).toEqual([2]);
    expect(numbers(await stage.receiveAll("test"))).toEqual([4]);
    expect(numbers(await stage.receiveAll("unrouted"))).toEqual([5]);
    expect(metrics.totals.get("ChangesRouted production")).toBe(3);
  });

  test("drops a frame that was delivered already", async () => {
    const frames = [new TestLane().frame([{}])];
    const [first, again] = [new CountingMetrics(), new CountingMetrics()];
    await route(stage.runtime, rawEvent(frames), first);
    stage.clock.advance(6 * MINUTE_MS);
    expect(await route(stage.runtime, rawEvent(frames), again)).toEqual([]);
    expect(first.totals.get("OnlyRepeats")).toBe(0);
    expect(again.totals.get("OnlyRepeats")).toBe(1);
    expect(numbers(await stage.receiveAll("production"))).toEqual([1]);
  });

  test("delivers frames one by one when it fails to deliver them together", async () => {
    const lane = new TestLane();
    const fault = stage.aws.faults.add({
      service: "dynamodb",
      action: "UpdateItem",
      calls: 4,
      effect: { kind: "error", code: "InternalServerError" },
    });
    expect(await route(stage.runtime, rawEvent([1, 2, 3].map(() => lane.frame([{}]))))).toEqual([]);
    expect(fault.strikes).toBe(4);
    expect(stage.aws.counts("dynamodb").actions["UpdateItem"]).toBe(4 + 3);
    expect(numbers(await stage.receiveAll("production"))).toEqual([1, 2, 3]);
  });

  test("stops only the lane that has a gap", async () => {
    const lane = new TestLane(0);
    const [one, , three] = [lane.frame([{}]), lane.frame([{}]), lane.frame([{}])];
    const other = new TestLane(1).frame([{ user: "app_test" }]);
    const event = rawEvent([one, three, three]);
    const failed = event.Records.slice(1).map(({ messageId }) => messageId);

    const failures = await route(stage.runtime, {
      Records: [...event.Records, ...rawEvent([other], "lane-1").Records],
    });

    expect(failures).toEqual(failed);
    expect(numbers(await stage.receiveAll("production"))).toEqual([1]);
    expect(numbers(await stage.receiveAll("test"))).toEqual([1]);
  });

  test("parks a deleted queue's messages, which are delivered in order once the queue exists again", async () => {
    const name = "shop-billing-staging.fifo";
    const lane = new TestLane();
    await stage.clients.sqs.send(new DeleteQueueCommand({ QueueUrl: stage.queueUrl(name) }));

    for (let n = 0; n < 3; n++) {
      const frame = lane.frame([{ user: "app_staging" }, { user: "app_prod" }]);
      expect(await route(stage.runtime, rawEvent([frame]))).toEqual([]);
    }
    expect(numbers(await stage.receiveAll("production"))).toEqual([2, 4, 6]);

    stage.clock.advance(MINUTE_MS + 1000);
    await retry(stage.runtime);
    await stage.createQueue(name);
    await route(stage.runtime, rawEvent([lane.frame([{ user: "app_staging" }])]));
    expect(await stage.receiveAll("staging")).toEqual([]);

    stage.clock.advance(2 * MINUTE_MS);
    const metrics = new CountingMetrics();
    await retry(stage.runtime, { metrics });
    expect(metrics.totals.get("FailuresPending")).toBe(0);
    await route(stage.runtime, rawEvent([lane.frame([{ user: "app_staging" }])]));
    expect(numbers(await stage.receiveAll("staging"))).toEqual([1, 3, 5, 7, 8]);
  });

  test("sends to other queues while one does not respond", async () => {
    const { runtime, sends } = watchSends(
      stage.runtimeWith(stage.clients, { patience: fixedPatience(120_000) }),
    );
    using silence = stage.aws.faults.add({
      service: "sqs",
      action: "SendMessage*",
      resource: "shop-billing-staging.fifo",
      effect: { kind: "delay", ms: 5_000 },
    });
    await using production = new Consumer(stage, "production");
    const frames = new TestLane();
    const routed = route(
      runtime,
      rawEvent([1, 2, 3].map(() => frames.frame([{ user: "app_prod" }, { user: "app_staging" }]))),
    );
    await vi.waitFor(() => expect(production.numbers).toEqual([1, 3, 5]), 60_000);
    expect(silence.strikes).toBe(1);
    expect(sends.map(({ queueName }) => queueName)).toEqual(["shop-billing-production.fifo"]);
    silence.remove();
    expect(await routed).toEqual([]);
  });

  test("parks a message beyond a lowered limit of its queue as too large, until it is raised", async () => {
    const { sqs, dynamodb } = stage.clients;
    const name = "shop-billing-staging.fifo";
    const limit = async (bytes: number): Promise<unknown> =>
      await sqs.send(
        new SetQueueAttributesCommand({
          QueueUrl: stage.queueUrl(name),
          Attributes: { MaximumMessageSize: String(bytes) },
        }),
      );
    await limit(1024);
    const frame = new TestLane().frame([{ user: "app_staging", text: "x".repeat(2000) }, {}]);
    expect(await route(stage.runtime, rawEvent([frame]))).toEqual([]);
    expect(numbers(await stage.receiveAll("production"))).toEqual([2]);
    expect(await readState(dynamodb, "failures", queueStream(0, name))).toMatchObject({
      trouble: { reason: "too-large", error: expect.stringMatching(/1024 bytes/) as string },
    });
    await limit(1_048_576);
    stage.clock.advance(MINUTE_MS);
    await retry(stage.runtime);
    expect(numbers(await stage.receiveAll("staging"))).toEqual([1]);
  });

  test("keeps each lane's order in a queue that several lanes feed, even through the queue's trouble", async () => {
    const lanes = [new TestLane(0), new TestLane(1)];
    const write = async (): Promise<void> => {
      for (const lane of lanes) {
        const table = `shop.orders_${lane.lane}`;
        const frame = lane.frame([{ table }, { table }]);
        expect(await route(stage.runtime, rawEvent([frame], `lane-${lane.lane}`))).toEqual([]);
      }
    };
    await write();
    const fault = stage.breakQueue("production", "AccessDenied");
    await write();
    await write();
    fault.remove();
    stage.clock.advance(MINUTE_MS);
    await retry(stage.runtime);
    await write();
    const messages = await stage.receiveAll("production");
    expect(numbers(messages, "shop.orders_0")).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(numbers(messages, "shop.orders_1")).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });
});

test("the retry function remembers a record's sent messages beyond SQS's deduplication interval", async () => {
  await using keyed = await Stage.start({
    environments: { production: { users: ["app_prod"] } },
    subscribers: { billing: { tables: ["shop.*"], groupBy: "key" } },
  });
  const denied = keyed.breakQueue("production", "AccessDenied");
  const frame = new TestLane().frame(Array.from({ length: 60 }, () => ({})));
  await route(keyed.runtime, rawEvent([frame]));
  denied.remove();

  const flaky = keyed.aws.faults.add({
    service: "sqs",
    action: "SendMessage*",
    probability: 0.4,
    seed: 3,
    effect: { kind: "error", code: "AccessDenied" },
  });
  const metrics = new CountingMetrics();
  let runs = 0;
  do {
    metrics.totals.clear();
    keyed.clock.advance(20 * MINUTE_MS);
    await retry(keyed.runtime, { metrics });
    runs++;
  } while (metrics.totals.get("FailuresPending") !== 0);

  expect(runs).toBeGreaterThan(1);
  expect(flaky.strikes).toBeGreaterThan(0);
  const arrived = numbers(await keyed.receiveAll("production"));
  expect(arrived.sort((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, n) => n + 1));
});
