import { startLocalAws } from "@binlog-router/local-aws";
import { expect, it } from "vitest";
import { QueueConsumer } from "../../bench/peers/queue-consumer.ts";

it("counts the rows of Debezium's and Maxwell's messages, those out of order, and times them", async () => {
  await using aws = await startLocalAws();
  const created = await aws.callSqs("CreateQueue", { QueueName: "rows" });
  const queueUrl = String(created["QueueUrl"]);
  const writtenUs = Date.now() * 1000 - 5_000_000;
  for (const id of [1, 3, 2, 4]) {
    const row = { id, written_us: writtenUs };
    const message = id % 2 === 0 ? { before: null, after: row } : { type: "insert", data: row };
    await aws.callSqs("SendMessage", { QueueUrl: queueUrl, MessageBody: JSON.stringify(message) });
  }
  await using consumer = new QueueConsumer(aws, queueUrl);
  await consumer.until(4);
  expect(consumer.received).toMatchObject({ rows: 4, disordered: 1 });
  const delays = consumer.takeDelays();
  expect(delays).toHaveLength(4);
  expect(Math.min(...delays)).toBeGreaterThan(4900);
  expect(consumer.takeDelays()).toEqual([]);
});

it("fails at a message without a row", async () => {
  await using aws = await startLocalAws();
  const created = await aws.callSqs("CreateQueue", { QueueName: "rows" });
  const queueUrl = String(created["QueueUrl"]);
  await aws.callSqs("SendMessage", { QueueUrl: queueUrl, MessageBody: "{}" });
  await using consumer = new QueueConsumer(aws, queueUrl);
  await expect(consumer.until(1)).rejects.toThrow("a message without a row");
});
