import {
  CreateQueueCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
} from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { startLocalAwsWithClients, type LocalAwsWithClients } from "../../clients.ts";
import { CallRefusedError } from "../../sqs/call-sqs.ts";

let local: LocalAwsWithClients;
let QueueUrl: string;
let queues = 0;

beforeAll(async () => {
  local = await startLocalAwsWithClients();
});
afterAll(() => local[Symbol.asyncDispose]());
beforeEach(async () => {
  const created = await local.sqs.send(new CreateQueueCommand({ QueueName: `called-${++queues}` }));
  QueueUrl = created.QueueUrl ?? "";
});

const PATIENCE = { timeout: 60_000, interval: 5 };

const send = (MessageBody: string) =>
  local.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }));

const receives = () => local.aws.counts("sqs").resources[`called-${queues}`]?.["ReceiveMessage"];

test("a call without a connection gets what a client gets, and is counted", async () => {
  await send("one");
  const input = { QueueUrl, MessageSystemAttributeNames: ["All"], VisibilityTimeout: 0 };
  const called = await local.aws.callSqs("ReceiveMessage", input);
  const received = await local.sqs.send(new ReceiveMessageCommand(input as { QueueUrl: string }));
  const [message] = called["Messages"] as object[];
  expect(message).toMatchObject({ Body: "one", Attributes: { ApproximateReceiveCount: "1" } });
  expect(Object.keys(message ?? {}).toSorted()).toEqual(
    Object.keys(received.Messages?.[0] ?? {}).toSorted(),
  );
  expect(receives()).toBe(2);
});

test("a refused call names the error", async () => {
  const missing = { QueueUrl: `${QueueUrl}-missing`, MessageBody: "x" };
  await expect(local.aws.callSqs("SendMessage", missing)).rejects.toMatchObject({
    name: "CallRefusedError",
    code: "QueueDoesNotExist",
  });
});

test("faults strike a call, and count it", async () => {
  const fault = { service: "sqs", action: "SendMessage", calls: 1 } as const;
  const input = { QueueUrl, MessageBody: "x" };
  using refusing = local.aws.faults.add({
    ...fault,
    effect: { kind: "error", code: "ThrottlingException" },
  });
  await expect(local.aws.callSqs("SendMessage", input)).rejects.toThrow("ThrottlingException");
  using losing = local.aws.faults.add({ ...fault, effect: { kind: "reset", when: "after" } });
  await expect(local.aws.callSqs("SendMessage", input)).rejects.toThrow(CallRefusedError);
  expect([refusing.strikes, losing.strikes]).toEqual([1, 1]);
  const { Messages: messages } = await local.aws.callSqs("ReceiveMessage", { QueueUrl });
  expect(messages).toHaveLength(1);
});

test("the caller's signal ends a wait, and no message is taken", async () => {
  const stop = new AbortController();
  const waiting = local.aws.callSqs(
    "ReceiveMessage",
    { QueueUrl, WaitTimeSeconds: 20 },
    stop.signal,
  );
  await vi.waitUntil(() => receives() === 1, PATIENCE);
  stop.abort();
  expect(await waiting).toEqual({});
  await send("later");
  expect((await local.aws.callSqs("ReceiveMessage", { QueueUrl }))["Messages"]).toHaveLength(1);
});

test("a receive that waits gets all messages of a batch", async () => {
  const waiting = local.aws.callSqs("ReceiveMessage", {
    QueueUrl,
    MaxNumberOfMessages: 10,
    WaitTimeSeconds: 20,
  });
  await vi.waitUntil(() => receives() === 1, PATIENCE);
  const Entries = ["a", "b", "c"].map((Id) => ({ Id, MessageBody: Id }));
  await local.sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
  expect((await waiting)["Messages"]).toHaveLength(3);
});
