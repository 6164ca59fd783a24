import { CreateTableCommand, GetItemCommand } from "@aws-sdk/client-dynamodb";
import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { startLocalAwsWithClients, type LocalAwsWithClients } from "../../clients.ts";

let local: LocalAwsWithClients;
/** A client that does not retry, so that a test sees each failure. */
let client: SQSClient;
let QueueUrl: string | undefined;

beforeAll(async () => {
  local = await startLocalAwsWithClients();
  const { region, credentials, endpoints } = local.aws;
  client = new SQSClient({ region, credentials, endpoint: endpoints.sqs, maxAttempts: 1 });
  const created = await client.send(new CreateQueueCommand({ QueueName: "orders" }));
  QueueUrl = created.QueueUrl;
  return async () => {
    client.destroy();
    await local[Symbol.asyncDispose]();
  };
});

afterEach(() => local.aws.faults.clear());

const send = (queueUrl = QueueUrl) =>
  client.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: "1" }));

const control = (path: string, init?: { method: string; body?: string }) =>
  fetch(local.aws.endpoints.sqs + path, init);

/**
 * Adds a fault that strikes half of all calls. Returns the number of strikes after each of 30
 * calls.
 */
const strikesAtRandom = async (seed: number): Promise<number[]> => {
  using fault = local.aws.faults.add({
    probability: 0.5,
    seed,
    effect: { kind: "error", code: "ServiceUnavailable" },
  });
  const strikes: number[] = [];
  for (let call = 0; call < 30; call++) {
    await send().catch(() => undefined);
    strikes.push(fault.strikes);
  }
  return strikes;
};

describe("a fault", () => {
  test("returns the requested error in the form that SQS uses", async () => {
    local.aws.faults.add({ effect: { kind: "error", code: "AccessDenied" } });
    await expect(send()).rejects.toMatchObject({
      name: "AccessDenied",
      $fault: "client",
      $metadata: { httpStatusCode: 403 },
    });
    local.aws.faults.clear();
    local.aws.faults.add({ effect: { kind: "error", code: "InternalError" } });
    await expect(send()).rejects.toMatchObject({
      name: "InternalError",
      $fault: "server",
      $metadata: { httpStatusCode: 500 },
    });
    local.aws.faults.clear();
    await send();
  });

  test("affects the given number of calls and no more", async () => {
    const fault = local.aws.faults.add({
      service: "sqs",
      action: "Send*",
      calls: 2,
      effect: { kind: "error", code: "ThrottlingException" },
    });
    await client.send(new GetQueueUrlCommand({ QueueName: "orders" }));
    await expect(send()).rejects.toMatchObject({ name: "ThrottlingException" });
    await expect(send()).rejects.toMatchObject({ name: "ThrottlingException" });
    await send();
    expect(fault.strikes).toBe(2);
  });

  test("affects only the queue that it names", async () => {
    const other = await client.send(new CreateQueueCommand({ QueueName: "other" }));
    using fault = local.aws.faults.add({
      resource: "orders",
      effect: { kind: "error", code: "AccessDenied" },
    });
    await expect(send()).rejects.toMatchObject({ name: "AccessDenied" });
    await send(other.QueueUrl);
    expect(fault.strikes).toBe(1);
  });

  test("ends with its scope", async () => {
    {
      using fault = local.aws.faults.add({ effect: { kind: "error", code: "AccessDenied" } });
      await expect(send()).rejects.toMatchObject({ name: "AccessDenied" });
      expect(local.aws.faults.list()).toEqual([fault]);
    }
    await send();
  });

  test("affects the same random calls for the same seed", async () => {
    const first = await strikesAtRandom(7);
    expect(await strikesAtRandom(7)).toEqual(first);
    expect(await strikesAtRandom(8)).not.toEqual(first);
    expect(first.at(-1)).toBeGreaterThan(5);
    expect(first.at(-1)).toBeLessThan(25);
  });

  test("delays a call", async () => {
    local.aws.faults.add({ calls: 1, effect: { kind: "delay", ms: 300 } });
    const startMs = performance.now();
    await send();
    expect(performance.now() - startMs).toBeGreaterThan(290);
  });

  test("closes the connection before or after the call takes effect", async () => {
    const queue = await client.send(new CreateQueueCommand({ QueueName: "cut" }));
    const bodies = async (): Promise<unknown[]> => {
      const { Messages = [] } = await client.send(
        new ReceiveMessageCommand({ QueueUrl: queue.QueueUrl, VisibilityTimeout: 0 }),
      );
      return Messages.map(({ Body }) => Body);
    };
    local.aws.faults.add({ action: "SendMessage", calls: 1, effect: { kind: "reset" } });
    await expect(send(queue.QueueUrl)).rejects.toMatchObject({ code: "ECONNRESET" });
    expect(await bodies()).toEqual([]);
    const after = { kind: "reset", when: "after" } as const;
    local.aws.faults.add({ action: "SendMessage", calls: 1, effect: after });
    await expect(send(queue.QueueUrl)).rejects.toMatchObject({ code: "ECONNRESET" });
    expect(await bodies()).toEqual(["1"]);
  });

  test("fails single entries of a batch while the others succeed", async () => {
    const queue = await client.send(new CreateQueueCommand({ QueueName: "entries" }));
    const bodies = ["a", "b", "c"];
    const sendAll = () =>
      client.send(
        new SendMessageBatchCommand({
          QueueUrl: queue.QueueUrl,
          Entries: bodies.map((MessageBody) => ({ Id: MessageBody, MessageBody })),
        }),
      );
    local.aws.faults.add({
      action: "SendMessageBatch",
      calls: 1,
      effect: { kind: "failedEntries", code: "InternalError", entries: [1] },
    });
    const sent = await sendAll();
    expect(sent.Successful?.map(({ Id }) => Id)).toEqual(["a", "c"]);
    expect(sent.Failed).toMatchObject([{ Id: "b", Code: "InternalError", SenderFault: false }]);
    const { Messages = [] } = await client.send(
      new ReceiveMessageCommand({ QueueUrl: queue.QueueUrl, MaxNumberOfMessages: 10 }),
    );
    expect(Messages.map(({ Body }) => Body)).toEqual(["a", "c"]);

    local.aws.faults.add({
      action: "DeleteMessageBatch",
      calls: 1,
      effect: { kind: "failedEntries", code: "RequestThrottled", message: "slower, please" },
    });
    const deleteAll = () =>
      client.send(
        new DeleteMessageBatchCommand({
          QueueUrl: queue.QueueUrl,
          Entries: Messages.map(({ Body, ReceiptHandle }) => ({ Id: Body, ReceiptHandle })),
        }),
      );
    const failure = { Code: "RequestThrottled", SenderFault: false, Message: "slower, please" };
    const deleted = await deleteAll();
    expect(deleted.Successful ?? []).toEqual([]);
    expect(deleted.Failed).toMatchObject([
      { Id: "a", ...failure },
      { Id: "c", ...failure },
    ]);
    expect((await deleteAll()).Successful).toHaveLength(2);
  });

  test("fails a share of a batch's entries, the same ones for the same seed", async () => {
    const queue = await client.send(new CreateQueueCommand({ QueueName: "shares" }));
    const failedOf = async (seed: number): Promise<(string | undefined)[]> => {
      using fault = local.aws.faults.add({
        seed,
        effect: { kind: "failedEntries", code: "InternalError", share: 0.5 },
      });
      const failed: (string | undefined)[] = [];
      for (let batch = 0; batch < 5; batch++) {
        const Entries = Array.from({ length: 10 }, (_, index) => ({
          Id: `${batch}-${index}`,
          MessageBody: "x",
        }));
        const { Failed = [] } = await client.send(
          new SendMessageBatchCommand({ QueueUrl: queue.QueueUrl, Entries }),
        );
        failed.push(...Failed.map(({ Id }) => Id));
      }
      expect(fault.strikes).toBe(5);
      return failed;
    };
    const first = await failedOf(7);
    expect(await failedOf(7)).toEqual(first);
    expect(await failedOf(8)).not.toEqual(first);
    expect(first.length).toBeGreaterThan(10);
    expect(first.length).toBeLessThan(40);
  });

  test("in DynamoDB is one of DynamoDB's exceptions", async () => {
    await local.dynamodb.send(
      new CreateTableCommand({
        TableName: "items",
        BillingMode: "PAY_PER_REQUEST",
        KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
        AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
      }),
    );
    const get = () =>
      local.dynamodb.send(new GetItemCommand({ TableName: "items", Key: { id: { S: "1" } } }));
    for (const code of ["ProvisionedThroughputExceededException", "ValidationException"]) {
      using fault = local.aws.faults.add({
        service: "dynamodb",
        resource: "items",
        effect: { kind: "error", code },
      });
      await expect(get()).rejects.toMatchObject({ name: code });
      expect(fault.strikes).toBeGreaterThan(0);
    }
    await get();
  });
});

describe("the control endpoint", () => {
  test("adds, lists and removes faults", async () => {
    const effect = { kind: "error", code: "AccessDenied" };
    const added = await control("/_faults", {
      method: "POST",
      body: JSON.stringify({ action: "SendMessage", effect }),
    });
    expect(added.status).toBe(201);
    const { id } = (await added.json()) as { id: number };
    await expect(send()).rejects.toMatchObject({ name: "AccessDenied" });
    expect(await (await control("/_faults")).json()).toEqual([
      { id, strikes: 1, service: "sqs", action: "SendMessage", effect },
    ]);
    await control(`/_faults/${id}`, { method: "DELETE" });
    await send();
  });

  test("refuses an invalid fault", async () => {
    for (const body of ["", "{}", '{"effect":{"kind":"explode"}}', '{"efect":{}}']) {
      expect((await control("/_faults", { method: "POST", body })).status).toBe(400);
    }
  });

  test("counts requests by action and by queue", async () => {
    await control("/_counters", { method: "DELETE" });
    await send();
    await send();
    await client.send(new GetQueueUrlCommand({ QueueName: "orders" }));
    const counts = { SendMessage: 2, GetQueueUrl: 1 };
    expect(await (await control("/_counters")).json()).toEqual({
      service: "sqs",
      actions: counts,
      resources: { orders: counts },
    });
    expect(local.aws.counts("sqs").actions).toEqual(counts);
  });

  test("moves the clock forward", async () => {
    const before = local.aws.clock.now();
    await control("/_clock", { method: "POST", body: '{"advanceMs":60000}' });
    expect(local.aws.clock.now() - before).toBeGreaterThanOrEqual(60_000);
  });
});
