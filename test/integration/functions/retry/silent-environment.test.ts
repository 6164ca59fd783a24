import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { readState } from "../../../../functions/failures/route-items.ts";
import { queueStream } from "../../../../functions/failures/stream.ts";
import { fixedPatience } from "../../../../functions/delivery/patience.ts";
import { environmentQueueName } from "../../../../wire/names.ts";
import { SOURCE, TestLane } from "../../../support/functions/frames.ts";
import { rawEvent, retry, route } from "../../../support/functions/invoke.ts";
import { numbers } from "../../../support/functions/received.ts";
import { Stage } from "../../../support/functions/stage.ts";

/** The nightly workflow sets `SILENT_QUEUES=200`. */
const QUEUES = Number(process.env["SILENT_QUEUES"] ?? 40);
/** How long this test's retry waits for a silent queue; deployed, it waits ten seconds. */
const PATIENCE_MS = 300;
const SUBSCRIBERS = Array.from({ length: QUEUES }, (_, n) => `subscriber${n}`);

test("another environment's queues are served early in the run, however many silent queues one environment has", async () => {
  await using stage = await Stage.start({
    environments: { production: { users: ["app_prod"] }, staging: { users: ["app_staging"] } },
    subscribers: {
      ...Object.fromEntries(
        SUBSCRIBERS.map((name) => [name, { tables: ["shop.*"], environments: ["staging"] }]),
      ),
      billing: { tables: ["shop.*"], environments: ["production"] },
    },
  });
  const { aws } = stage;
  const patience = fixedPatience(PATIENCE_MS);
  const runtime = stage.runtimeWith(stage.clients, { patience });
  const refusing = aws.faults.add({
    service: "sqs",
    action: "SendMessage*",
    effect: { kind: "error", code: "AccessDenied" },
  });
  const lane = new TestLane();
  expect(await route(runtime, rawEvent([lane.frame([{ user: "app_staging" }])]))).toEqual([]);
  // Staging's records are older.
  stage.clock.advance(1000);
  expect(await route(runtime, rawEvent([lane.frame([{}])]))).toEqual([]);
  refusing.remove();
  const silent = aws.faults.add({
    service: "sqs",
    action: "SendMessage*",
    resource: `${SOURCE}-subscriber*`,
    effect: { kind: "delay", ms: 600_000 },
  });
  stage.clock.advance(60_000);

  const run = retry(runtime);
  let arrived: number[] = [];
  while (arrived.length === 0) {
    arrived = numbers(await stage.receiveAll("production"));
    await delay(5);
  }
  const askedBefore = silent.strikes;
  await run;
  console.log(
    `production was served after ${askedBefore} of ${silent.strikes} requests to ${QUEUES} silent queues`,
  );
  expect(arrived).toEqual([2]);
  // Retry serves eight streams in parallel.
  expect(askedBefore).toBeLessThan(QUEUES / 2);
  expect(silent.strikes).toBeGreaterThanOrEqual(QUEUES);
  for (const subscriber of SUBSCRIBERS) {
    const stream = queueStream(0, environmentQueueName(SOURCE, subscriber, "staging"));
    expect(await readState(stage.clients.dynamodb, "failures", stream)).toMatchObject({
      status: "open",
      attempts: 1,
    });
  }
});
