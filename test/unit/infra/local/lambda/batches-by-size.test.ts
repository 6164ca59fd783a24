import { expect, test, vi } from "vitest";
import { batchesBySize } from "../../../../../infra/local/lambda/batches-by-size.ts";
import { runEventSourceMapping } from "../../../../../infra/local/lambda/event-source-mapping.ts";
import { sqsEvent } from "../../../../../infra/local/lambda/sqs-event.ts";

const SOURCE = { queueArn: "arn:aws:sqs:us-east-1:000000000000:raw.fifo", region: "us-east-1" };
const MIB = 1024 * 1024;
const LIMIT = 6 * MIB;

function message(id: string, Body: string, group = "0") {
  return {
    MessageId: id,
    ReceiptHandle: id,
    Body,
    Attributes: { MessageGroupId: group, ApproximateReceiveCount: "1" },
  };
}

const recordsOf = (...bodies: string[]) =>
  sqsEvent(
    bodies.map((body, n) => message(String(n), body)),
    SOURCE,
  ).Records;
const bytesOf = (Records: unknown): number => Buffer.byteLength(JSON.stringify({ Records }));

test.each([
  ["small ones", Array.from({ length: 10 }, () => "x"), [10]],
  ["ten full ones", Array.from({ length: 10 }, () => "x".repeat(MIB)), [5, 5]],
  ["characters that are escaped", Array.from({ length: 4 }, () => '"'.repeat(MIB)), [2, 2]],
  ["characters of three bytes", Array.from({ length: 3 }, () => "€".repeat(MIB)), [1, 1, 1]],
])("no event is larger than Lambda takes: %s", (_, bodies, lengths) => {
  const records = recordsOf(...bodies);
  const batches = batchesBySize(records);
  expect(batches.map(({ length }) => length)).toEqual(lengths);
  expect(batches.flat()).toEqual(records);
  for (const batch of batches) expect(bytesOf(batch)).toBeLessThanOrEqual(LIMIT);
});

test("an event of exactly the limit is one", () => {
  const half = "x".repeat(3 * MIB);
  const rest = LIMIT - bytesOf(recordsOf(half, ""));
  expect(batchesBySize(recordsOf(half, "x".repeat(rest)))).toHaveLength(1);
  expect(batchesBySize(recordsOf(half, "x".repeat(rest + 1)))).toHaveLength(2);
});

test("behind a failure in the first event, the group waits and others go on", async () => {
  const stop = new AbortController();
  const body = "x".repeat(2 * MIB);
  const messages = [
    message("a1", body, "a"),
    message("b1", body, "b"),
    message("a2", body, "a"),
    message("b2", body, "b"),
  ];
  const invoked: string[][] = [];
  const deleted: string[] = [];
  const onProblem = vi.fn();
  await runEventSourceMapping(
    {
      queue: {
        receive: () => {
          stop.abort();
          return Promise.resolve(messages);
        },
        delete: (handles) => {
          deleted.push(...handles);
          return Promise.resolve([]);
        },
      },
      ...SOURCE,
      batchSize: 10,
      concurrency: 1,
      reportsBatchItemFailures: true,
      invoke: (event) => {
        const { Records: records } = event as ReturnType<typeof sqsEvent>;
        invoked.push(records.map(({ messageId }) => messageId));
        const failed = records.filter(({ messageId }) => messageId === "a1");
        return Promise.resolve({
          batchItemFailures: failed.map(({ messageId: itemIdentifier }) => ({ itemIdentifier })),
        });
      },
      onProblem,
    },
    stop.signal,
  );
  expect(invoked).toEqual([["a1", "b1"], ["b2"]]);
  expect(deleted).toEqual(["b1", "b2"]);
});
