import { expect, test, vi } from "vitest";
import { OffsetStore } from "../../../../../reader/offsets/offset-store.ts";
import { Stage } from "../../../../support/functions/stage.ts";
import { binlogRouterOn, stackFileOf } from "../../../../support/operator.ts";

test("an order to begin anew does not replace another operator's of the same moment", async () => {
  await using stage = await Stage.start();
  const { aws, clients } = stage;
  const store = new OffsetStore(clients.dynamodb, "offsets");
  const effect = { kind: "delay", ms: 2000 } as const;
  const fault = aws.faults.add({ service: "dynamodb", action: "UpdateItem", calls: 1, effect });
  const late = binlogRouterOn(stackFileOf(aws), "offsets", "set", "--now", "--yes");
  await vi.waitUntil(() => fault.strikes === 1, { timeout: 60_000, interval: 5 });
  const start = { kind: "file", file: "bin.000007", offset: 4 } as const;
  expect(await store.startAnew(await store.load(), start)).toBe(true);
  expect(await late).toEqual({
    code: 2,
    out: "",
    problem:
      "meanwhile the reader was ordered to begin anew at file:bin.000007:4: run this command again if yours is to replace that order\n",
  });
  expect((await store.load()).newStart?.start).toEqual(start);
});
