import { expect, test, vi } from "vitest";
import { OffsetStore } from "../../../../../reader/offsets/offset-store.ts";
import type { Stop } from "../../../../../reader/offsets/reader-item.ts";
import { Stage } from "../../../../support/functions/stage.ts";
import { binlogRouterOn, stackFileOf } from "../../../../support/operator.ts";

const STOP: Stop = {
  error: "OtherHistoryError",
  message: "the server has another history",
  sinceMs: 1,
  isKept: true,
};

/** A source whose reader has stopped; `goOn` runs `offsets continue`. */
async function stopped(stage: Stage) {
  const store = new OffsetStore(stage.clients.dynamodb, "offsets");
  const { fence } = (await store.take((await store.load()).lease, "reader")) ?? { fence: 0 };
  await store.stop(fence, STOP);
  const goOn = () => binlogRouterOn(stackFileOf(stage.aws), "offsets", "continue", "--yes");
  return { store, fence, goOn };
}

test("a stop is ended though the answer is lost, or a reader writes at the same moment", async () => {
  await using stage = await Stage.start();
  for (const kind of ["reset", "error"] as const) {
    const { store, goOn } = await stopped(stage);
    const effect =
      kind === "reset"
        ? ({ kind, when: "after" } as const)
        : ({ kind, code: "ConditionalCheckFailedException" } as const);
    stage.aws.faults.add({ service: "dynamodb", action: "UpdateItem", calls: 1, effect });
    const done = { code: 0, out: "The reader continues from its offset.\n", problem: "" };
    expect(await goOn()).toEqual(done);
    expect(await store.load()).toMatchObject({ stop: null, vouched: new Set([STOP.error]) });
  }
});

test("a stop for another reason, which nobody has seen, is not ended", async () => {
  await using stage = await Stage.start();
  const { store, fence, goOn } = await stopped(stage);
  const effect = { kind: "delay", ms: 2000 } as const;
  const late = stage.aws.faults.add({
    service: "dynamodb",
    action: "UpdateItem",
    calls: 1,
    effect,
  });
  const command = goOn();
  await vi.waitUntil(() => late.strikes === 1, { timeout: 60_000, interval: 5 });
  const other = { ...STOP, error: "PurgedError", message: "the binlog was purged" };
  await store.stop(fence, other);
  expect(await command).toEqual({
    code: 2,
    out: "",
    problem:
      "meanwhile the reader stopped for another reason: the binlog was purged: run this command again to end that stop\n",
  });
  expect((await store.load()).stop).toEqual(other);
});
