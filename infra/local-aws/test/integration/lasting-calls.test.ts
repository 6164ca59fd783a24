import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import {
  CreateQueueCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { afterEach, beforeAll, expect, test } from "vitest";
import { startLocalAwsWithClients, type LocalAwsWithClients } from "../../clients.ts";

// The fault `lasts`. The times are long: a call that is late on a busy machine must not look like
// one that lasts.

let local: LocalAwsWithClients;
let client: SQSClient;
let QueueUrl: string | undefined;

beforeAll(async () => {
  local = await startLocalAwsWithClients();
  const { region, credentials, endpoints } = local.aws;
  client = new SQSClient({ region, credentials, endpoint: endpoints.sqs, maxAttempts: 1 });
  ({ QueueUrl } = await client.send(new CreateQueueCommand({ QueueName: "orders" })));
  return async () => {
    client.destroy();
    await local[Symbol.asyncDispose]();
  };
});

afterEach(() => local.aws.faults.clear());

const send = () => client.send(new SendMessageCommand({ QueueUrl, MessageBody: "1" }));

test("a call that lasts is performed at once, and several times add up", async () => {
  local.aws.faults.add({ action: "SendMessage", effect: { kind: "lasts", ms: 1000 } });
  local.aws.faults.add({ action: "SendMessage", effect: { kind: "lasts", ms: 500 } });
  const startMs = performance.now();
  let answeredMs: number | null = null;
  const sent = send().then(() => (answeredMs = performance.now() - startMs));
  const receive = new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 5 });
  const { Messages } = await client.send(receive);
  expect(Messages).toHaveLength(1);
  expect(answeredMs).toBeNull();
  expect(await sent).toBeGreaterThanOrEqual(1500);
});

test("a call lasts from the arrival of its headers on", async () => {
  local.aws.faults.add({ action: "SendMessage", effect: { kind: "lasts", ms: 1500 } });
  const body = JSON.stringify({ QueueUrl, MessageBody: "1" });
  const call = request(local.aws.endpoints.sqs, {
    method: "POST",
    headers: {
      "x-amz-target": "AmazonSQS.SendMessage",
      "content-type": "application/x-amz-json-1.0",
      "content-length": body.length,
    },
  });
  call.flushHeaders();
  const startMs = performance.now();
  await delay(1200);
  const bodyMs = performance.now();
  const answered = once(call, "response") as Promise<[IncomingMessage]>;
  call.end(body);
  const [answer] = await answered;
  answer.resume();
  expect(answer.statusCode).toBe(200);
  expect(performance.now() - startMs).toBeGreaterThanOrEqual(1500);
  expect(performance.now() - bodyMs).toBeLessThan(1450);
});

test("a failing call lasts too", async () => {
  local.aws.faults.add({ effect: { kind: "lasts", ms: 200 } });
  local.aws.faults.add({ effect: { kind: "error", code: "AccessDenied" } });
  const startMs = performance.now();
  await expect(send()).rejects.toMatchObject({ name: "AccessDenied" });
  expect(performance.now() - startMs).toBeGreaterThanOrEqual(200);
});

test("a call that has taken longer does not last", async () => {
  local.aws.faults.add({ effect: { kind: "delay", ms: 1000 } });
  local.aws.faults.add({ effect: { kind: "lasts", ms: 1000 } });
  const startMs = performance.now();
  await send();
  expect(performance.now() - startMs).toBeLessThan(1950);
});

test("the control endpoint takes it", async () => {
  const effect = { kind: "lasts", ms: 100 };
  const body = JSON.stringify({ action: "SendMessage", calls: 1, effect });
  const added = await fetch(`${local.aws.endpoints.sqs}/_faults`, { method: "POST", body });
  expect(added.status).toBe(201);
  const startMs = performance.now();
  await send();
  expect(performance.now() - startMs).toBeGreaterThanOrEqual(100);
});
