import { ScanCommand } from "@aws-sdk/client-dynamodb";
import { expect, test } from "vitest";
import {
  ReplayItems,
  type ReplayOrder,
} from "../../../../../operator/commands/replay/replay-items.ts";
import { numberOf } from "../../../../../wire/attributes.ts";
import { OFFSETS_EXPIRES } from "../../../../../wire/names.ts";
import { Stage } from "../../../../support/functions/stage.ts";

const DAY_S = 24 * 3600;

test("a replay is kept for 30 days after it last got on", async () => {
  await using stage = await Stage.start();
  const { dynamodb } = stage.clients;
  let day = 0;
  const items = new ReplayItems({ dynamodb, offsetsTable: "offsets" }, () => day * DAY_S * 1000);
  const expiryDay = async (): Promise<number> => {
    const { Items: [item = {}] = [] } = await dynamodb.send(
      new ScanCommand({ TableName: "offsets" }),
    );
    return (numberOf(item, OFFSETS_EXPIRES) ?? 0) / DAY_S;
  };
  const order: ReplayOrder = {
    id: "1",
    subscriber: "billing",
    environment: "staging",
    from: "2h",
    to: null,
    tables: null,
    startedBy: "somebody",
    startedMs: 0,
    bounds: { file: "binlog.000001", from: { kind: "time", us: 0 }, to: null, end: null },
    epoch: 1,
    life: null,
  };
  await items.put(order, "one");
  expect(await expiryDay()).toBe(30);
  day = 5;
  await items.advance("1", "one", { done: null, messages: 0, changes: 0, unknown: 0 });
  expect(await expiryDay()).toBe(35);
  day = 7;
  await items.wish("1", "pause");
  expect(await expiryDay()).toBe(35);
  day = 9;
  await items.take("1", "other");
  expect(await expiryDay()).toBe(39);
});
