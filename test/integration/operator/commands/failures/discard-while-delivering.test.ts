import { UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { decodeState } from "../../../../../functions/failures/items.ts";
import { claimUpdate } from "../../../../../functions/failures/state-updates.ts";
import { queueStream } from "../../../../../functions/failures/stream.ts";
import { namedStream, revive } from "../../../../../operator/commands/failures/failures-table.ts";
import { StreamHold } from "../../../../../operator/commands/failures/stream-hold.ts";
import type { Target } from "../../../../../operator/shared/target.ts";
import { aroundRequests } from "../../../../support/functions/around-requests.ts";
import { TestLane } from "../../../../support/functions/frames.ts";
import { rawEvent, retry, route } from "../../../../support/functions/invoke.ts";
import { numbers } from "../../../../support/functions/received.ts";
import { Stage } from "../../../../support/functions/stage.ts";
import { targetOf } from "../../../../support/functions/target.ts";
import { binlogRouterOn, stackFileOf } from "../../../../support/operator.ts";

const QUEUE = "shop-billing-staging.fifo";
const STREAM = queueStream(0, QUEUE);
const NAME = `queue/0/${QUEUE}`;
const RECORDS = 6;
const PATIENCE = { timeout: 20_000, interval: 20 };

let stage: Stage;
let target: Target;
beforeEach(async () => {
  stage = await Stage.start();
  target = targetOf(stage);
  const fault = stage.breakQueue("staging", "AccessDenied");
  const lane = new TestLane();
  for (let n = 0; n < RECORDS; n++)
    await route(stage.runtime, rawEvent([lane.frame([{ user: "app_staging" }])]));
  fault.remove();
});
afterEach(async () => {
  target[Symbol.dispose]();
  await stage[Symbol.asyncDispose]();
});

const seen = (): number => stage.aws.counts("dynamodb").actions["UpdateItem"] ?? 0;

/** Resolves the next time that a stand-in has received so many more updates of items. */
async function updates(count: number): Promise<void> {
  const before = seen();
  await vi.waitFor(() => expect(seen()).toBeGreaterThanOrEqual(before + count), PATIENCE);
}

test("no record is both delivered and discarded while the retry function delivers the stream", async () => {
  expect(await revive(target, STREAM)).toBe(true);
  const [arrived, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let sends = 0;
  aroundRequests(stage.clients.sqs, async (_request, send) => {
    if (++sends === 2) {
      arrived.resolve();
      await goOn.promise;
    }
    return await send();
  });
  const retrying = retry(stage.runtime);
  await arrived.promise;
  const discarding = binlogRouterOn(
    stackFileOf(stage.aws),
    "failures",
    "discard",
    NAME,
    "--all",
    "--yes",
    "--json",
  );
  await updates(3);
  goOn.resolve();
  const { out, problem } = await discarding;
  await retrying;
  const delivered = numbers(await stage.receiveAll("staging"));
  const { discarded } = JSON.parse(out || "{}") as { discarded?: number };
  expect({ problem, delivered: delivered.length, discarded }).toEqual({
    problem: "",
    delivered: RECORDS,
    discarded: 0,
  });
});

test("a held stream waits for the command, and for a killed one until the hold is over", async () => {
  expect(await revive(target, STREAM)).toBe(true);
  const hold = await StreamHold.take(target, STREAM, () => expect.fail("it had to wait"));
  await retry(stage.runtime);
  expect(await stage.receiveAll("staging")).toEqual([]);
  await hold.keep();
  stage.clock.advance(3 * 60_000);
  await retry(stage.runtime);
  expect(await stage.receiveAll("staging")).toHaveLength(RECORDS);
  // Nothing is left to hold.
  await StreamHold.take(target, STREAM, () => expect.fail("it had to wait"));
  expect((await namedStream(target, NAME)).status).toBe("closed");
});

test("a stream that an operator makes due during an attempt is due for the next invocation", async () => {
  const claim = (now: number, until: number) =>
    stage.clients.dynamodb.send(
      new UpdateItemCommand({ TableName: "failures", ...claimUpdate(STREAM, now, until) }),
    );
  expect(await revive(target, STREAM)).toBe(true);
  const now = Date.now();
  const { Attributes: claimed = {} } = await claim(now + 1, now + 55_000);
  expect(await revive(target, STREAM)).toBe(true);
  // The invocation fails, and does not postpone what the operator has made due.
  const next = {
    drained: "",
    attempts: 7,
    nextAttemptAt: now + 900_000,
    dead: false,
    trouble: null,
  };
  await stage.runtime.items.postpone(decodeState(claimed), next);
  expect(await namedStream(target, NAME)).toMatchObject({
    attempts: 0,
    nextAttemptAt: now + 55_001,
  });

  const waits = Promise.withResolvers<void>();
  const holding = StreamHold.take(target, STREAM, waits.resolve);
  await waits.promise;
  const { Attributes: again = {} } = await claim(now + 60_000, now + 115_000);
  await stage.runtime.items.postpone(decodeState(again), next);
  await holding;
  expect((await namedStream(target, NAME)).nextAttemptAt).toBeLessThan(now + 900_000);
});
