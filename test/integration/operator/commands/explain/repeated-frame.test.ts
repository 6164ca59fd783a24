import { UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { expect, test } from "vitest";
import { shareBatch } from "../../../../../functions/delivery/message-batch.ts";
import { recordItemKey } from "../../../../../functions/failures/items.ts";
import { type Batch, positionBehind, recordKey } from "../../../../../functions/failures/parked.ts";
import { queueStream, threadStream } from "../../../../../functions/failures/stream.ts";
import { sealWith } from "../../../../../functions/filters/sealed-text.ts";
import type { Subscription } from "../../../../../functions/routing/subscriptions.ts";
import {
  type ParkedState,
  parkedState,
} from "../../../../../operator/commands/explain/parked-state.ts";
import {
  discardRecord,
  parkedRecords,
} from "../../../../../operator/commands/failures/failures-table.ts";
import { NearRecords } from "../../../../../operator/commands/explain/record-at.ts";
import type { Target } from "../../../../../operator/shared/target.ts";
import { number } from "../../../../../wire/attributes.ts";
import { SERVER, SOURCE, TestLane } from "../../../../support/functions/frames.ts";
import { Stage } from "../../../../support/functions/stage.ts";
import { targetOf } from "../../../../support/functions/target.ts";

const STREAM = queueStream(0, "shop-billing-staging.fifo");
const TROUBLE = { reason: "queue-unavailable", error: "" } as const;

/** The position of the n-th change. */
function at(n: number): string {
  return new TestLane().position(n);
}

/** A batch of a frame of three changes; each of these is a message. */
function batch(share: string, ...changes: readonly number[]): Batch {
  const messages = changes.map((n) => ({
    environment: "staging",
    group: "shop.orders",
    deduplicationId: `${n}`,
    changes: 1,
    first: at(n),
    last: at(n),
    body: "",
  }));
  const body = JSON.stringify(messages);
  return { first: at(1), last: at(3), share, count: changes.length, body };
}

/** The batch of a connection's changes of a frame. */
function ofConnection(share: string, from: number, to: number): Batch {
  const changes = Array.from({ length: to - from + 1 }, () => ({ user: null, thread: 24 }));
  const body = new TestLane().frameOf(changes, from, null);
  return { first: at(from), last: at(to), share, count: changes.length, body };
}

/** The batch of a queue's changes `from` to `to`, of which the router failed to make messages. */
function ofFault(from: number, to: number, seal = (text: string) => text): Batch {
  const changes = Array.from({ length: to - from + 1 }, () => ({ user: "app_staging" }));
  return shareBatch({
    kind: "fault",
    queueName: STREAM.name,
    error: "RangeError",
    subscription: { subscriber: "billing", queueName: STREAM.name } as Subscription,
    first: at(from),
    last: at(to),
    count: changes.length,
    frame: seal(new TestLane().frameOf(changes, from, null)),
  });
}

/** Looks for the n-th change in the records as they are now. */
function lookUp(target: Target, stream = STREAM): (n: number) => Promise<ParkedState | null> {
  const records = new NearRecords(target);
  return (n) =>
    parkedState({ target, records }, stream, {
      id: `${n}`,
      position: at(n),
      source: SOURCE,
      mayBeOfOtherLane: false,
    });
}

test("a change of a connection is found in the record that was parked behind the others", async () => {
  await using stage = await Stage.start();
  using target = targetOf(stage);
  const stream = threadStream(0, { server: SERVER, run: 1, thread: 24 });
  const { streams } = stage.runtime.effects;
  await streams.park(stream, [ofConnection("a", 3, 3)], TROUBLE);
  await streams.park(stream, [ofConnection("b", 2, 3)], TROUBLE);

  const stateOf = lookUp(target, stream);
  expect(await stateOf(2)).toMatchObject({ kind: "parked" });
  expect(await stateOf(4)).toBeNull();
  expect(await stateOf(1)).toBeNull();
});

test("a change is found in the record of a repeated frame that was parked behind the others", async () => {
  await using stage = await Stage.start();
  using target = targetOf(stage);
  const { streams } = stage.runtime.effects;
  await streams.park(STREAM, [batch("a", 1, 3)], TROUBLE);
  await streams.parkBehind(STREAM, [batch("b", 1, 2, 3)], TROUBLE);

  const stateOf = lookUp(target);
  expect(await stateOf(2)).toMatchObject({ kind: "parked" });
  expect(await stateOf(3)).toMatchObject({ kind: "parked" });
  expect(await stateOf(4)).toBeNull();
  expect(await stateOf(0)).toBeNull();
});

test.each([
  { content: "readable", seal: undefined },
  { content: "sealed", seal: sealWith("a secret").seal },
])(
  "a record that the router's fault put behind many others is of its own changes only; $content",
  async ({ seal }) => {
    await using stage = await Stage.start();
    using target = targetOf(stage);
    const { streams } = stage.runtime.effects;
    await streams.park(STREAM, [batch("a", 3)], TROUBLE);
    for (let n = 4; n < 34; n++) {
      const { body } = batch("", n);
      await streams.parkBehind(
        STREAM,
        [{ first: at(n), last: at(n), share: `${n}`, count: 1, body }],
        TROUBLE,
      );
    }
    await streams.parkBehind(STREAM, [ofFault(2, 3, seal)], TROUBLE);

    const stateOf = lookUp(target);
    expect(await stateOf(1)).toBeNull();
    expect(await stateOf(2)).toMatchObject({ kind: "parked", reason: "fault" });
    expect(await stateOf(3)).toMatchObject({ kind: "parked" });
    expect(await stateOf(33)).toMatchObject({ kind: "parked" });
    expect(await stateOf(34)).toBeNull();
  },
);

test("what retry has sent of a long record counts as delivered", async () => {
  await using stage = await Stage.start();
  using target = targetOf(stage);
  const { streams } = stage.runtime.effects;
  const unknown = threadStream(0, { server: SERVER, run: 1, thread: 24 });
  const faulty = { ...STREAM, name: "shop-search-staging.fifo" };
  const sealed = { ...STREAM, name: "shop-audit-staging.fifo" };
  const batches = [
    [STREAM, batch("a", 1, 2, 3)],
    [unknown, ofConnection("a", 1, 3)],
    [faulty, ofFault(1, 3)],
    [sealed, ofFault(1, 3, sealWith("a secret").seal)],
  ] as const;
  for (const [stream, each] of batches) {
    await streams.park(stream, [each], TROUBLE);
    await stage.clients.dynamodb.send(
      new UpdateItemCommand({
        TableName: "failures",
        Key: recordItemKey(stream, recordKey(each)),
        UpdateExpression: "SET progress = :two",
        ExpressionAttributeValues: { ":two": number(2) },
      }),
    );
    const stateOf = lookUp(target, stream);
    if (stream === sealed) {
      // Which changes were sent, only the filters' secret tells.
      for (const n of [1, 2, 3]) expect(await stateOf(n)).toMatchObject({ kind: "uncertain" });
      continue;
    }
    expect([await stateOf(1), await stateOf(2)]).toEqual([null, null]);
    expect(await stateOf(3)).toMatchObject({ kind: "parked" });
  }
});

test("a record behind the others that has lost its content is said to be uncertain", async () => {
  await using stage = await Stage.start();
  using target = targetOf(stage);
  const { streams } = stage.runtime.effects;
  await streams.park(STREAM, [batch("a", 1, 3)], TROUBLE);
  await streams.parkBehind(STREAM, [batch("b", 1, 2, 3)], TROUBLE);
  const behind = positionBehind(at(3));
  await stage.clients.dynamodb.send(
    new UpdateItemCommand({
      TableName: "failures",
      Key: recordItemKey(STREAM, `${behind}/${behind}`),
      ConditionExpression: "attribute_exists(body)",
      UpdateExpression: "SET body = :none",
      ExpressionAttributeValues: { ":none": { B: Buffer.from("lost") } },
    }),
  );
  const stateOf = lookUp(target);
  expect(await stateOf(2)).toMatchObject({ kind: "uncertain" });
  expect(await stateOf(3)).toMatchObject({ kind: "parked" });
  expect(await stateOf(4)).toBeNull();
});

test("a change of a discarded record that a repeated frame parked again is parked", async () => {
  await using stage = await Stage.start();
  using target = targetOf(stage);
  const { streams } = stage.runtime.effects;
  await streams.park(STREAM, [batch("a", 1, 2)], TROUBLE);
  for await (const record of parkedRecords(target, STREAM, { bodies: false }))
    await discardRecord(target, record);
  await streams.parkBehind(STREAM, [batch("b", 2)], TROUBLE);
  const stateOf = lookUp(target);
  expect(await stateOf(1)).toMatchObject({ kind: "discarded" });
  expect(await stateOf(2)).toMatchObject({ kind: "parked" });
});
