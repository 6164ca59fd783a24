import { type AttributeValue, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { expect, test } from "vitest";
import { openServer } from "../../../../operator/stretch/traced-server.ts";
import { OffsetStore } from "../../../../reader/offsets/offset-store.ts";
import { stopAttribute } from "../../../../reader/offsets/reader-item.ts";
import { useNumberedOrders } from "../../../support/numbered-orders.ts";
import { ReaderBench } from "../../../support/reader.ts";

const orders = useNumberedOrders();
const { mysql, insert } = orders;

test("a server that has not executed what was read is another binlog, although its files begin alike", async () => {
  await using bench = await ReaderBench.create(orders.aws, mysql.server);
  const { dynamodb } = orders.aws;
  const offsetsTable = `${bench.source}-offsets`;
  let hasStopped = false;
  const isSameLife = async (): Promise<boolean> => {
    const { host, port, user: username, password } = mysql.server;
    await using server = await openServer(
      { dynamodb, offsetsTable },
      { address: { host, port, tls: "off" }, credentials: async () => ({ username, password }) },
    );
    ({ hasStopped } = server);
    return server.isSameLife;
  };
  const saved = async () => (await new OffsetStore(dynamodb, offsetsTable).load()).offset;
  const reader = await bench.start();
  await insert(1, 2);
  await bench.takeFrames(2);
  // At a file's beginning, a copy of the server has the same event.
  await mysql.query("FLUSH BINARY LOGS");
  await expect.poll(async () => (await saved())?.anchor?.begunS ?? null).not.toBeNull();
  await reader.stop();
  expect(await isSameLife()).toBe(true);
  expect(hasStopped).toBe(false);
  const set = async (name: string, value: AttributeValue) =>
    dynamodb.send(
      new UpdateItemCommand({
        TableName: offsetsTable,
        Key: { id: { S: "reader" } },
        UpdateExpression: "SET #name = :value",
        ExpressionAttributeNames: { "#name": name },
        ExpressionAttributeValues: { ":value": value },
      }),
    );
  const stopsWith = async (error: string) =>
    set("stop", stopAttribute({ error, message: "", sinceMs: 1, isKept: true }));
  // The reader has found another history, even if the server has caught up meanwhile.
  await stopsWith("HistoryMismatchError");
  expect(await isSameLife()).toBe(false);
  await stopsWith("BinlogGapError");
  expect(await isSameLife()).toBe(true);
  expect(hasStopped).toBe(true);
  const { server = "", gtidSet } = (await saved()) ?? {};
  await set("gtidSet", { S: `${gtidSet},${server}:1000000` });
  expect(await isSameLife()).toBe(false);
});
