import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import { afterEach, beforeEach, expect, test } from "vitest";
import { recordItemKey } from "../../../../../functions/failures/items.ts";
import { parseStream } from "../../../../../functions/failures/stream.ts";
import {
  discardRecord,
  namedStream,
  parkedRecords,
} from "../../../../../operator/commands/failures/failures-table.ts";
import { targetOf } from "../../../../support/functions/target.ts";
import { TestLane } from "../../../../support/functions/frames.ts";
import { rawEvent, retry, route } from "../../../../support/functions/invoke.ts";
import { numbers } from "../../../../support/functions/received.ts";
import { Stage } from "../../../../support/functions/stage.ts";
import { binlogRouterOn, stackFileOf } from "../../../../support/operator.ts";

const STREAM = "queue/0/shop-billing-staging.fifo";
const GIVE_UP_AT_ONCE = { backoff: { baseMs: 1, longestMs: 1, attempts: 1 } };

let stage: Stage;
let lane: TestLane;
beforeEach(async () => {
  stage = await Stage.start();
  lane = new TestLane();
});
afterEach(() => stage[Symbol.asyncDispose]());

const failures = (...args: string[]) =>
  binlogRouterOn(stackFileOf(stage.aws), "failures", ...args, "--json");

/** A queue's stream of this many records, which retry has given up. */
async function giveUp(records: number): Promise<void> {
  const fault = stage.breakQueue("staging", "AccessDenied");
  for (let n = 0; n < records; n++)
    await route(stage.runtime, rawEvent([lane.frame([{ user: "app_staging" }])]));
  stage.clock.advance(60_000);
  await retry(stage.runtime, GIVE_UP_AT_ONCE);
  fault.remove();
  expect((await namedStream(targetOf(stage), STREAM)).status).toBe("dead");
}

/** What a killed command has done: the first records are discarded, and the stream is dead. */
async function discardFirst(count: number): Promise<void> {
  const target = targetOf(stage);
  for (let n = 0; n < count; n++) {
    const { value: record } = await parkedRecords(target, parseStream(STREAM), {
      bodies: false,
    }).next();
    if (record === undefined) throw new Error("there is no record");
    expect(await discardRecord(target, record)).toBe(true);
  }
}

async function answer(...args: string[]): Promise<unknown> {
  const { out, problem } = await failures("discard", STREAM, ...args, "--yes");
  expect(problem).toBe("");
  return JSON.parse(out) as unknown;
}

test("a discard that was killed before the stream was due is finished by the same command", async () => {
  await giveUp(3);
  await discardFirst(1);
  const first = lane.position(1);
  expect(await answer("--first", first)).toMatchObject({ discarded: 0, from: lane.position(2) });
  await retry(stage.runtime);
  expect(numbers(await stage.receiveAll("staging"))).toEqual([2, 3]);
  expect(await answer("--first", first)).toMatchObject({ discarded: 0, from: null });
  const delivered = await failures("discard", STREAM, "--first", lane.position(2), "--yes");
  expect(delivered).toMatchObject({ code: 2, problem: `nothing is parked in ${STREAM}\n` });
});

test.each([0, 1, 2])("so is one of all records, after %i of two", async (done) => {
  await giveUp(2);
  await discardFirst(done);
  expect(await answer("--all")).toMatchObject({ discarded: 2 - done });
  await retry(stage.runtime);
  expect((await namedStream(targetOf(stage), STREAM)).status).toBe("closed");
  expect((await failures("discard", STREAM, "--all", "--yes")).code).toBe(2);
});

test("a record that begins where a discarded one did is discarded by its whole name only", async () => {
  await giveUp(1);
  const first = lane.position(1);
  const key = `${first}/${lane.position(1)}/of-another-life`;
  await stage.clients.dynamodb.send(
    new PutItemCommand({
      TableName: "failures",
      Item: {
        ...recordItemKey(parseStream(STREAM), key),
        status: { S: "parked" },
        count: { N: "1" },
      },
    }),
  );
  expect(await answer("--first", first)).toMatchObject({ discarded: 1 });
  expect(await answer("--first", first)).toMatchObject({ discarded: 0 });
  const named = ["failures", "discard", STREAM, "--first", first, "--yes"];
  const { out } = await binlogRouterOn(stackFileOf(stage.aws), ...named);
  expect(out).toContain(`--first ${key} discards`);
  expect(await answer("--first", key)).toMatchObject({ discarded: 1 });
});

test("a record is counted as discarded when the answer was lost and the SDK repeated the write", async () => {
  await giveUp(1);
  const effect = { kind: "reset", when: "after" } as const;
  stage.aws.faults.add({ service: "dynamodb", action: "UpdateItem", calls: 1, effect });
  expect(await answer()).toMatchObject({ discarded: 1 });
});
