import { setTimeout as delay } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { fixedPatience } from "../../../../functions/delivery/patience.ts";
import type { StreamState } from "../../../../functions/failures/parked.ts";
import { readState } from "../../../../functions/failures/route-items.ts";
import { queueStream } from "../../../../functions/failures/stream.ts";
import { RETRY_PATIENCE_MS } from "../../../../functions/retry/retry-handler.ts";
import { environmentQueueName } from "../../../../wire/names.ts";
import { Consumer } from "../../../support/functions/consumer.ts";
import { SOURCE, TestLane } from "../../../support/functions/frames.ts";
import { Pipeline } from "../../../support/functions/pipeline.ts";
import { Stage } from "../../../support/functions/stage.ts";

const PRODUCTION = queueStream(0, environmentQueueName(SOURCE, "billing", "production"));
/** How many seconds production is in trouble. The nightly workflow sets `RECOVERY_SECONDS=60`. */
const TROUBLED_SECONDS = Number(process.env["RECOVERY_SECONDS"] ?? 2);
/** The delays that the stand-ins add to each request, in milliseconds. */
const SQS_MS = 10;
const DYNAMODB_MS = 7;
/** A pause with which a retry invocation of three seconds runs 70 % of the time. */
const RETRY_PAUSE_MS = 1300;
/** The number of frames used to measure this machine's throughput. The load is a share of it. */
const PACE_FRAMES = 60;
const LOAD = 0.3;
const MINUTE_MS = 60_000;

test(
  "a parked busy queue recovers by itself under its former load",
  async () => {
    await using stage = await Stage.start({
      environments: { production: { users: ["app_prod"] } },
      subscribers: { billing: { tables: ["shop.*"] } },
    });
    await stage.createRawQueue({ visibilitySeconds: 90, maxReceives: 1000 });
    stage.aws.faults.add({
      service: "sqs",
      action: "SendMessage*",
      resource: PRODUCTION.name,
      effect: { kind: "delay", ms: SQS_MS },
    });
    stage.aws.faults.add({ service: "dynamodb", effect: { kind: "delay", ms: DYNAMODB_MS } });
    const backoff = { baseMs: 200, longestMs: 1000, attempts: 10_000 };
    // A pause of this machine is not counted as an outage of a queue.
    const patience = fixedPatience(RETRY_PATIENCE_MS);
    const runtime = stage.runtimeWith(stage.clients, { backoff, patience });
    await using production = new Consumer(stage, "production");
    await using pipeline = new Pipeline(stage, { runtime, backoff, retryEveryMs: RETRY_PAUSE_MS });

    const lane = new TestLane();
    let sent = 0;
    const send = async (): Promise<void> => {
      await pipeline.send(lane.frame([{}]));
      sent++;
    };
    const isEmptied = async (): Promise<void> =>
      vi.waitFor(() => expect(production.receipts).toHaveLength(sent), { timeout: 5 * MINUTE_MS });
    const state = () => readState(stage.clients.dynamodb, "failures", PRODUCTION);

    const isNow = async (status: StreamState["status"]): Promise<void> =>
      vi.waitFor(async () => expect(await state()).toMatchObject({ status }), {
        timeout: 5 * MINUTE_MS,
        interval: 100,
      });

    const began = performance.now();
    while (sent < PACE_FRAMES) await send();
    await isEmptied();
    const pauseMs = (performance.now() - began) / PACE_FRAMES / LOAD;
    /** Sends a frame after each pause until a promise settles. */
    const loadUntil = async (done: Promise<unknown>): Promise<void> => {
      let goesOn = true;
      const end = (): void => {
        goesOn = false;
      };
      void done.then(end, end);
      while (goesOn) {
        const next = delay(pauseMs);
        await send();
        await next;
      }
      await done;
    };
    await loadUntil(delay(1000));
    expect(await state()).toBeNull();

    const fault = stage.breakQueue("production", "RequestThrottled");
    await loadUntil(delay(TROUBLED_SECONDS * 1000));
    await loadUntil(isNow("open"));
    fault.remove();
    const [removedAt, parked] = [performance.now(), sent - production.receipts.length];
    await loadUntil(isNow("closed"));
    const seconds = (performance.now() - removedAt) / 1000;
    console.log(
      `${parked} frames were parked, and production recovered in ${seconds.toFixed(1)} s, while ${(1000 / pauseMs).toFixed(1)} frames a second arrived`,
    );
    await isEmptied();
    expect(production.numbers).toEqual(Array.from({ length: sent }, (_, n) => n + 1));
  },
  20 * MINUTE_MS,
);
