import { expect, test } from "vitest";
import type { Batch } from "../../../../../functions/failures/parked.ts";
import { queueStream, threadStream } from "../../../../../functions/failures/stream.ts";
import { parkedState } from "../../../../../operator/commands/explain/parked-state.ts";
import { SERVER, TestLane } from "../../../../support/functions/frames.ts";
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

test("a change of a connection is found in the record that was parked behind the others", async () => {
  await using stage = await Stage.start();
  using target = targetOf(stage);
  const stream = threadStream(0, { server: SERVER, run: 1, thread: 24 });
  const { streams } = stage.runtime.effects;
  await streams.park(stream, [ofConnection("a", 3, 3)], TROUBLE);
  await streams.park(stream, [ofConnection("b", 2, 3)], TROUBLE);

  const stateOf = (n: number) => parkedState(target, stream, { id: `${n}`, position: at(n) });
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

  const stateOf = (n: number) => parkedState(target, STREAM, { id: `${n}`, position: at(n) });
  expect(await stateOf(2)).toMatchObject({ kind: "parked" });
  expect(await stateOf(3)).toMatchObject({ kind: "parked" });
  expect(await stateOf(4)).toBeNull();
  expect(await stateOf(0)).toBeNull();
});
