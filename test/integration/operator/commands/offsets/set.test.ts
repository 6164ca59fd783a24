import { ScanCommand } from "@aws-sdk/client-dynamodb";
import { expect, test, vi } from "vitest";
import { OffsetStore } from "../../../../../reader/offsets/offset-store.ts";
import { decodeReaderItem } from "../../../../../reader/offsets/reader-item.ts";
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

test("an order that the reader has begun before the lost answer is repeated is not given again", async () => {
  await using stage = await Stage.start();
  const { aws, clients } = stage;
  const lost = { kind: "reset", when: "after" } as const;
  const written = aws.faults.add({
    service: "dynamodb",
    action: "UpdateItem",
    calls: 1,
    effect: lost,
  });
  // The command's second look at the item comes after the reader's beginning.
  const slow = { kind: "delay", ms: 3000 } as const;
  aws.faults.add({ service: "dynamodb", action: "GetItem", calls: 2, effect: slow });
  const command = binlogRouterOn(stackFileOf(aws), "offsets", "set", "--now", "--yes");
  await vi.waitUntil(() => written.strikes === 1, { timeout: 60_000, interval: 5 });

  const { Items: [item = {}] = [] } = await clients.dynamodb.send(
    new ScanCommand({ TableName: "offsets" }),
  );
  const { lease, newStart } = decodeReaderItem(item);
  if (lease === null || newStart === null) throw new Error("there is no order");
  const store = new OffsetStore(clients.dynamodb, "offsets");
  const begun = {
    ...newStart,
    server: "5441fac8-0000-0000-0000-000000000001",
    run: 1,
    gtidSet: "",
    file: "bin.000001",
    offset: 4,
    isExact: true,
    anchor: null,
    committedMs: 0,
  };
  await store.save(lease.fence, begun);
  expect(await command).toEqual({ code: 0, out: "The reader begins anew at now.\n", problem: "" });
  expect(await store.load()).toMatchObject({ newStart: null, offset: { life: newStart.life } });
});
