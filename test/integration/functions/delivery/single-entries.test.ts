import { SendMessageCommand } from "@aws-sdk/client-sqs";
import { awsClients } from "@binlog-router/local-aws/clients";
import { describe, expect, test } from "vitest";
import { fixedPatience } from "../../../../functions/delivery/patience.ts";
import { readState } from "../../../../functions/failures/route-items.ts";
import { queueStream } from "../../../../functions/failures/stream.ts";
import type { RoutingInput } from "../../../../config/routing.ts";
import { TestLane } from "../../../support/functions/frames.ts";
import { CountingMetrics, rawEvent, retry, route } from "../../../support/functions/invoke.ts";
import { numbers } from "../../../support/functions/received.ts";
import { Stage } from "../../../support/functions/stage.ts";

const MINUTE_MS = 60_000;
const KEYED = {
  environments: { production: { users: ["app_prod"] } },
  subscribers: { billing: { tables: ["shop.*"], groupBy: "key" } },
} satisfies RoutingInput;
const STREAM = queueStream(0, "shop-billing-staging.fifo");
const KEYS = Array.from({ length: 15 }, (_, index) => index);
const FRAMES = 6;

/** Routes one frame after the other, each with a change of every key. */
const routeAll = async (stage: Stage): Promise<void> => {
  const lane = new TestLane();
  for (let n = 0; n < FRAMES; n++) {
    const frame = lane.frame(KEYS.map((id) => ({ id })));
    expect(await route(stage.runtime, rawEvent([frame]))).toEqual([]);
  }
};

const expectAllInOrder = async (stage: Stage): Promise<void> => {
  const arrived = numbers(await stage.receiveAll("production"));
  expect(arrived).toHaveLength(KEYS.length * FRAMES);
  for (const key of KEYS) {
    const ofKey = arrived.filter((n) => (n - 1) % KEYS.length === key);
    expect(ofKey).toEqual(Array.from({ length: FRAMES }, (_, n) => n * KEYS.length + key + 1));
  }
};

describe("batches of which SQS refuses entries", () => {
  for (const [what, effect] of [
    ["at random", { code: "InternalError", share: 0.4 }],
    ["the first one", { code: "RequestThrottled", entries: [0] }],
    ["every one", { code: "InternalError" }],
  ] as const) {
    test(`(${what}) are sent again by the route function, and each group stays in order`, async () => {
      await using stage = await Stage.start(KEYED);
      const fault = stage.aws.faults.add({
        service: "sqs",
        action: "SendMessageBatch",
        seed: 5,
        effect: { kind: "failedEntries", ...effect },
      });
      await routeAll(stage);
      expect(fault.strikes).toBeGreaterThan(FRAMES);
      const metrics = new CountingMetrics();
      await retry(stage.runtime, { metrics });
      expect(metrics.totals.get("FailuresPending")).toBe(0);
      await expectAllInOrder(stage);
    });
  }
});

describe("a send that arrives after the function has abandoned it", () => {
  for (const arrival of ["before", "after"] as const) {
    test(`and ${arrival} the retry function repeats it is delivered once and in order`, async () => {
      await using stage = await Stage.start();
      // Unlike the function's client, this one waits for the answer without a limit.
      using clients = awsClients(stage.aws);
      const { sqs } = clients;
      const runtime = stage.runtimeWith(stage.clients, { patience: fixedPatience(500) });
      await stage.createQueue("probe.fifo");
      const late = { kind: "late", ms: 3000 } as const;
      /** Resolves when every earlier late send has arrived. */
      const lateArrivals = async (): Promise<void> => {
        stage.aws.faults.add({ resource: "probe.fifo", calls: 1, effect: late });
        await sqs.send(
          new SendMessageCommand({
            QueueUrl: stage.queueUrl("probe.fifo"),
            MessageBody: "probe",
            MessageGroupId: "g",
            MessageDeduplicationId: "probe",
          }),
        );
      };
      const fault = stage.aws.faults.add({
        service: "sqs",
        action: "SendMessage*",
        resource: "shop-billing-staging.fifo",
        effect: late,
      });
      const lane = new TestLane();
      const frame = () => rawEvent([lane.frame([{ user: "app_staging" }])]);
      expect(await route(runtime, frame())).toEqual([]);
      expect(fault.strikes).toBeGreaterThan(0);
      fault.remove();
      expect(await readState(stage.clients.dynamodb, "failures", STREAM)).toMatchObject({
        trouble: { reason: "queue-unavailable" },
      });
      expect(await route(runtime, frame())).toEqual([]);
      const arrived = lateArrivals();
      if (arrival === "before") await arrived;
      stage.clock.advance(MINUTE_MS);
      await retry(stage.runtime);
      expect(await route(runtime, frame())).toEqual([]);
      if (arrival === "after")
        expect(numbers(await stage.receiveAll("staging"))).toEqual([1, 2, 3]);
      await arrived;
      const rest = arrival === "after" ? [] : [1, 2, 3];
      expect(numbers(await stage.receiveAll("staging"))).toEqual(rest);
    });
  }
});
