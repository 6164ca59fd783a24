import {
  DeleteItemCommand,
  GetItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { stateKey } from "../../../../functions/failures/items.ts";
import { queueStream } from "../../../../functions/failures/stream.ts";
import { SessionsTable } from "../../../../reader/sessions/sessions-table.ts";
import { DUE_INDEX } from "../../../../wire/names.ts";
import { SERVER, SOURCE, TestLane } from "../../../support/functions/frames.ts";
import { CountingMetrics, rawEvent, retry, route } from "../../../support/functions/invoke.ts";
import { numbers } from "../../../support/functions/received.ts";
import { Stage } from "../../../support/functions/stage.ts";

const MINUTE_MS = 60_000;
const KEY = { id: { S: "lane#0" } };

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.start();
});
afterEach(async () => {
  await stage[Symbol.asyncDispose]();
});

async function deliver(...frames: readonly string[]): Promise<number[]> {
  for (const frame of frames) expect(await route(stage.runtime, rawEvent([frame]))).toEqual([]);
  return numbers(await stage.receiveAll("production"));
}

describe("frames of several lives", () => {
  test("with the same positions are all delivered, despite SQS's deduplication", async () => {
    const [former, later] = [new TestLane(0, 7, "a"), new TestLane(0, 7, "b")];
    expect(await deliver(former.frame([{}, {}]))).toEqual([1, 2]);
    expect(await deliver(later.frame([{}, {}]))).toEqual([1, 2]);
  });

  test("are dropped as repeats when they were delivered before a later life began", async () => {
    const [former, later] = [new TestLane(0, 7, "a"), new TestLane(0, 8, "b")];
    const old = former.frame([{}]);
    expect(await deliver(old, later.frame([{}]))).toEqual([1, 1]);
    expect(await deliver(old)).toEqual([]);
  });

  test("continue from the last release's position, first in its life and then in a named one", async () => {
    const last = new TestLane(0, 1);
    expect(await deliver(last.frame([{}]))).toEqual([1]);
    const { dynamodb } = stage.clients;
    const table = { TableName: "offsets", Key: KEY };
    await dynamodb.send(new UpdateItemCommand({ ...table, UpdateExpression: "REMOVE life" }));
    const first = last.frame([{}]);
    const named = new TestLane(0, 9, "a");
    expect(await deliver(first, named.frameOf([{}], 3, last.position(2)))).toEqual([2, 3]);
    const { Item: item } = await dynamodb.send(new GetItemCommand(table));
    expect(item).toMatchObject({ life: { S: "a" }, delivered: { S: named.position(3) } });
    expect(await deliver(first)).toEqual([]);
  });

  test("have different ids when the former one was parked without its author", async () => {
    const lane = new TestLane(0, 7, "a");
    await route(stage.runtime, rawEvent([lane.frame([{ user: null }])]));
    const again = new TestLane(0, 7, "b");
    await route(stage.runtime, rawEvent([again.frame([{ user: "app_prod" }])]));
    stage.clock.advance(MINUTE_MS);
    await retry(stage.runtime);
    expect(numbers(await stage.receiveAll("production"))).toEqual([1]);
  });

  test.each([
    { what: "another life with the same epoch", epochs: [7, 7] },
    { what: "a later life", epochs: [8, 7] },
  ])(
    "are delivered behind parked changes of an unknown connection of $what",
    async ({ epochs }) => {
      const [former, present] = [new TestLane(0, epochs[0], "a"), new TestLane(0, epochs[1], "b")];
      expect(await deliver(former.frame([{ user: null, thread: 5 }]))).toEqual([]);
      await stage.clients.dynamodb.send(new DeleteItemCommand({ TableName: "offsets", Key: KEY }));
      const mixed = present.frame([{ user: null, thread: 5 }, {}]);
      expect(await deliver(mixed)).toEqual([2]);
      expect(await deliver(present.frame([{ user: null, thread: 5 }, {}]))).toEqual([4]);

      // The frame is repeated after an operator has named the author. What was parked must not be
      // sent from the frame as well.
      await stage.clients.dynamodb.send(new DeleteItemCommand({ TableName: "offsets", Key: KEY }));
      const author = { from: "", user: "app_prod", host: "h", attribution: "operator" } as const;
      const connection = { server: SERVER, run: 1, thread: 5 };
      const sessions = new SessionsTable(stage.clients.dynamodb, "sessions");
      await sessions.record([{ connection, entries: [author] }]);
      expect(await deliver(mixed)).toEqual([]);

      stage.clock.advance(MINUTE_MS);
      await retry(stage.runtime);
      const late = numbers(await stage.receiveAll("production"));
      expect(late.toSorted((a, b) => a - b)).toEqual([1, 1, 3]);
      const { Items: left = [] } = await stage.clients.dynamodb.send(
        new QueryCommand({
          TableName: "failures",
          IndexName: DUE_INDEX,
          KeyConditionExpression: "due = :open",
          ExpressionAttributeValues: { ":open": { S: "open" } },
        }),
      );
      expect(left).toEqual([]);
    },
  );

  test("of an earlier life behind a later one's wait for the earlier life's parked changes", async () => {
    const [former, later] = [new TestLane(0, 7, "a"), new TestLane(0, 8, "b")];
    const [first, late] = [1, 2].map(() => former.frame([{ user: null, thread: 5 }]));
    expect(await deliver(first ?? "", later.frame([{ user: null, thread: 5 }]))).toEqual([]);
    const end = { TableName: "offsets", Key: KEY };
    await stage.clients.dynamodb.send(new DeleteItemCommand(end));
    expect(await deliver(first ?? "", late ?? "")).toEqual([]);
    const author = { from: "", user: "app_prod", host: "h", attribution: "operator" } as const;
    const connection = { server: SERVER, run: 1, thread: 5 };
    const sessions = new SessionsTable(stage.clients.dynamodb, "sessions");
    await sessions.record([{ connection, entries: [author] }]);
    const delivered: number[][] = [];
    for (let n = 0; n < 2; n++) {
      stage.clock.advance(MINUTE_MS);
      await retry(stage.runtime);
      delivered.push(numbers(await stage.receiveAll("production")));
    }
    expect(delivered).toEqual([[1, 1], [2]]);
  });

  test("of a restored offsets table continue, although frames of a later life were delivered meanwhile", async () => {
    const [restored, later] = [new TestLane(0, 7, "a"), new TestLane(0, 8, "b")];
    expect(await deliver(restored.frame([{}]), later.frame([{}]))).toEqual([1, 1]);
    expect(await deliver(restored.frame([{}]), restored.frame([{}]))).toEqual([2, 3]);
    expect(await deliver(later.frame([{}]))).toEqual([2]);
  });

  test("of a life with another one's epoch are parked and delivered at positions that the other one has used", async () => {
    const [former, present] = [new TestLane(0, 7, "a"), new TestLane(0, 7, "b")];
    const parkAndRetry = async (frames: readonly string[]) => {
      const denied = stage.breakQueue("production", "AccessDenied");
      expect(await deliver(...frames)).toEqual([]);
      denied.remove();
      stage.clock.advance(MINUTE_MS);
      await retry(stage.runtime);
      return numbers(await stage.receiveAll("production"));
    };
    expect(await parkAndRetry([former.frame([{}]), former.frame([{}, {}])])).toEqual([1, 2, 3]);
    await stage.clients.dynamodb.send(new DeleteItemCommand({ TableName: "offsets", Key: KEY }));
    const [first, second] = [present.frame([{}]), present.frame([{}])];
    expect(await parkAndRetry([first, second])).toEqual([1, 2]);
    expect(await deliver(present.frame([{}]))).toEqual([3]);
  });

  test("of a life with another one's epoch wait until the other one's parked messages are delivered", async () => {
    const [former, present] = [new TestLane(0, 7, "a"), new TestLane(0, 7, "b")];
    using denied = stage.breakQueue("production", "AccessDenied");
    expect(await deliver(former.frame([{}, {}]))).toEqual([]);
    await stage.clients.dynamodb.send(new DeleteItemCommand({ TableName: "offsets", Key: KEY }));
    const frames = rawEvent([present.frame([{}]), present.frame([{}, {}])]);
    const metrics = new CountingMetrics();
    expect(await route(stage.runtime, frames, metrics)).toHaveLength(2);
    expect(metrics.totals.get("GapDetected")).toBe(1);
    denied.remove();
    stage.clock.advance(MINUTE_MS);
    await retry(stage.runtime);
    expect(numbers(await stage.receiveAll("production"))).toEqual([1, 2]);
    expect(await route(stage.runtime, frames)).toEqual([]);
    expect(numbers(await stage.receiveAll("production"))).toEqual([1, 2, 3]);
  });

  test("continue behind messages that the last release parked without a life", async () => {
    const lane = new TestLane(0, 7, "a");
    using denied = stage.breakQueue("production", "AccessDenied");
    expect(await deliver(lane.frame([{}]))).toEqual([]);
    const state = await stage.clients.dynamodb.send(
      new UpdateItemCommand({
        TableName: "failures",
        Key: stateKey(queueStream(0, `${SOURCE}-billing-production.fifo`)),
        UpdateExpression: "REMOVE tailLife",
        ReturnValues: "ALL_OLD",
      }),
    );
    expect(state.Attributes).toMatchObject({ tailLife: { S: "000007/a" } });
    expect(await deliver(lane.frame([{}]))).toEqual([]);
    denied.remove();
    stage.clock.advance(MINUTE_MS);
    await retry(stage.runtime);
    expect(numbers(await stage.receiveAll("production"))).toEqual([1, 2]);
    expect(await deliver(lane.frame([{}]))).toEqual([3]);
  });

  test("of an earlier life do not count as delivered behind parked messages of a later one", async () => {
    const [earlier, later] = [new TestLane(0, 7, "a"), new TestLane(0, 8, "b")];
    expect(await deliver(earlier.frame([{}]))).toEqual([1]);
    using denied = stage.breakQueue("production", "AccessDenied");
    expect(await deliver(later.frame([{}]))).toEqual([]);
    // Its order relative to the parked messages is unknown, so the frame waits.
    const late = rawEvent([earlier.frame([{}])]);
    const metrics = new CountingMetrics();
    expect(await route(stage.runtime, late, metrics)).toHaveLength(1);
    expect(metrics.totals.get("GapDetected")).toBe(1);
    denied.remove();
    stage.clock.advance(MINUTE_MS);
    await retry(stage.runtime);
    expect(numbers(await stage.receiveAll("production"))).toEqual([1]);

    using again = stage.breakQueue("production", "AccessDenied");
    expect(await route(stage.runtime, late)).toHaveLength(1);
    again.remove();
    expect(await route(stage.runtime, late)).toEqual([]);
    expect(numbers(await stage.receiveAll("production"))).toEqual([2]);
  });
});
