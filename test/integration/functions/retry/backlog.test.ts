import { expect, test } from "vitest";
import { TestLane } from "../../../support/functions/frames.ts";
import { CountingMetrics, rawEvent, retry, route } from "../../../support/functions/invoke.ts";
import { numbers } from "../../../support/functions/received.ts";
import { Stage } from "../../../support/functions/stage.ts";

const CHANGES = 100_000;
/** Approximate number of small rows in a frame of 512 KiB. */
const CHANGES_PER_FRAME = 1000;

test("100,000 parked changes are drained in order with a few requests for each frame", async () => {
  await using stage = await Stage.start();
  const lane = new TestLane(0, 1, "life");
  const fault = stage.breakQueue("production", "AccessDenied");
  const requests = () => {
    const { actions } = stage.aws.counts("dynamodb");
    return Object.values(actions).reduce((sum, count) => sum + count, 0);
  };

  const begin = performance.now();
  for (let n = 0; n < CHANGES; n += CHANGES_PER_FRAME) {
    const frame = lane.frame(Array.from({ length: CHANGES_PER_FRAME }, () => ({})));
    expect(await route(stage.runtime, rawEvent([frame]))).toEqual([]);
  }
  const parkedMs = performance.now() - begin;
  const parkRequests = requests();

  fault.remove();
  stage.clock.advance(60_000);
  const drainBegin = performance.now();
  const metrics = new CountingMetrics();
  await retry(stage.runtime, { metrics });
  const drainMs = performance.now() - drainBegin;
  const drainRequests = requests() - parkRequests;
  expect(metrics.totals.get("FailuresPending")).toBe(0);

  const arrived = numbers(await stage.receiveAll("production"));
  expect(arrived).toEqual(Array.from({ length: CHANGES }, (_, index) => index + 1));

  const frames = CHANGES / CHANGES_PER_FRAME;
  console.log(
    `${CHANGES} changes in ${frames} frames: parked in ${Math.round(parkedMs)} ms with ${parkRequests} DynamoDB requests, ` +
      `drained in ${Math.round(drainMs)} ms with ${drainRequests}`,
  );
  // Parking a frame reads and moves the lane, reads the stream, writes the record and moves the
  // tail; the first one opens the stream. Draining resolves the record, with an occasional query.
  expect(parkRequests).toBeLessThan(5 * frames + 10);
  expect(drainRequests).toBeLessThan(3 * frames);
}, 300_000);
