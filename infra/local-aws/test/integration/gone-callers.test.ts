import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
  type ReceiveMessageCommandInput,
} from "@aws-sdk/client-sqs";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { startLocalAwsWithClients, type LocalAwsWithClients } from "../../clients.ts";

// Calls that their clients abandon. SQS documents nothing about them, so these tests describe the
// stand-in only.

let local: LocalAwsWithClients;
/** A client that does not retry. */
let client: SQSClient;
let queues = 0;

beforeAll(async () => {
  local = await startLocalAwsWithClients();
  const { region, credentials, endpoints } = local.aws;
  client = new SQSClient({ region, credentials, endpoint: endpoints.sqs, maxAttempts: 1 });
  return async () => {
    client.destroy();
    await local[Symbol.asyncDispose]();
  };
});

afterEach(() => local.aws.faults.clear());

const newQueue = async (): Promise<string> => {
  const { QueueUrl = "" } = await client.send(
    new CreateQueueCommand({ QueueName: `queue-${++queues}` }),
  );
  return QueueUrl;
};

const send = (QueueUrl: string, body: string, abortSignal?: AbortSignal) =>
  client.send(new SendMessageCommand({ QueueUrl, MessageBody: body }), {
    ...(abortSignal !== undefined && { abortSignal }),
  });

const receive = (
  QueueUrl: string,
  more: Partial<ReceiveMessageCommandInput> = {},
  abortSignal?: AbortSignal,
) =>
  client.send(
    new ReceiveMessageCommand({ QueueUrl, MessageSystemAttributeNames: ["All"], ...more }),
    { ...(abortSignal !== undefined && { abortSignal }) },
  );

const counts = async (QueueUrl: string) => {
  const { Attributes = {} } = await client.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["All"] }),
  );
  return {
    visible: Attributes["ApproximateNumberOfMessages"],
    inFlight: Attributes["ApproximateNumberOfMessagesNotVisible"],
  };
};

describe("a receive", () => {
  test("that its client abandons during the wait takes no message", async () => {
    const queue = await newQueue();
    for (let round = 0; round < 5; round++) {
      const abandoned = new AbortController();
      const polling = receive(queue, { WaitTimeSeconds: 20 }, abandoned.signal);
      const outcome = expect(polling).rejects.toMatchObject({ name: "AbortError" });
      // Once a later call has been answered, the receive is certainly waiting.
      await counts(queue);
      abandoned.abort();
      await outcome;
      await counts(queue);
      await send(queue, `${round}`);
      const { Messages } = await receive(queue, { WaitTimeSeconds: 5 });
      expect(Messages).toMatchObject([
        { Body: `${round}`, Attributes: { ApproximateReceiveCount: "1" } },
      ]);
    }
  });

  test("whose response is lost hides its messages and counts as a receive", async () => {
    const queue = await newQueue();
    await send(queue, "1");
    local.aws.faults.add({
      action: "ReceiveMessage",
      calls: 1,
      effect: { kind: "reset", when: "after" },
    });
    await expect(receive(queue, { VisibilityTimeout: 60 })).rejects.toMatchObject({
      code: "ECONNRESET",
    });
    expect(await counts(queue)).toEqual({ visible: "0", inFlight: "1" });
    expect((await receive(queue)).Messages).toBeUndefined();
    local.aws.clock.advance(60_000);
    const { Messages } = await receive(queue, { WaitTimeSeconds: 5 });
    expect(Messages).toMatchObject([{ Body: "1", Attributes: { ApproximateReceiveCount: "2" } }]);
  });

  test("whose messages are gone while its answer is written is answered with them", async () => {
    const queue = await newQueue();
    const bodies = Array.from({ length: 10 }, (_, n) => `${n}`.repeat(1024 * 1024));
    for (const body of bodies) await send(queue, body);
    const headers = { "x-amz-target": "AmazonSQS.ReceiveMessage" };
    const input = JSON.stringify({ QueueUrl: queue, MaxNumberOfMessages: 10 });
    // Ten megabytes are more than the connection holds while its client does not read.
    const answer = await fetch(queue, { method: "POST", headers, body: input });
    await client.send(new PurgeQueueCommand({ QueueUrl: queue }));
    // These would get the memory of the purged ones.
    for (const body of bodies) await send(queue, body.replaceAll(/./g, "x"));
    const { Messages } = (await answer.json()) as { Messages: { Body: string }[] };
    expect(Messages.map(({ Body }) => Body === bodies.shift())).toEqual(Array(10).fill(true));
  });

  test("that arrives after its client has abandoned it takes messages nevertheless", async () => {
    const queue = await newQueue();
    await send(queue, "1");
    local.aws.faults.add({ action: "ReceiveMessage", calls: 1, effect: { kind: "late", ms: 300 } });
    await expect(receive(queue, {}, AbortSignal.timeout(100))).rejects.toMatchObject({
      name: "AbortError",
    });
    await expect.poll(() => counts(queue)).toEqual({ visible: "0", inFlight: "1" });
  });
});

describe("a send", () => {
  test("that arrives late is carried out even when its client has abandoned it", async () => {
    const queue = await newQueue();
    local.aws.faults.add({ action: "SendMessage", calls: 1, effect: { kind: "late", ms: 300 } });
    await expect(send(queue, "first", AbortSignal.timeout(100))).rejects.toMatchObject({
      name: "AbortError",
    });
    await send(queue, "second");
    expect(await counts(queue)).toEqual({ visible: "1", inFlight: "0" });
    await expect.poll(() => counts(queue)).toEqual({ visible: "2", inFlight: "0" });
    const { Messages = [] } = await receive(queue, { MaxNumberOfMessages: 10 });
    expect(Messages.map(({ Body }) => Body)).toEqual(["second", "first"]);
  });

  test("that arrives late is answered when its client is still waiting", async () => {
    const queue = await newQueue();
    local.aws.faults.add({ action: "SendMessage", calls: 1, effect: { kind: "late", ms: 50 } });
    expect(await send(queue, "1")).toHaveProperty("MessageId");
  });

  test("that lasts is carried out even when its client has abandoned it", async () => {
    const queue = await newQueue();
    local.aws.faults.add({ action: "SendMessage", calls: 1, effect: { kind: "lasts", ms: 300 } });
    await expect(send(queue, "1", AbortSignal.timeout(100))).rejects.toMatchObject({
      name: "AbortError",
    });
    expect(await counts(queue)).toEqual({ visible: "1", inFlight: "0" });
  });

  test("that is delayed is dropped when its client disconnects during the delay", async () => {
    const queue = await newQueue();
    using fault = local.aws.faults.add({
      action: "SendMessage",
      calls: 2,
      effect: { kind: "delay", ms: 300 },
    });
    await expect(send(queue, "1", AbortSignal.timeout(100))).rejects.toMatchObject({
      name: "AbortError",
    });
    // The second call began later, so its answer shows that the first call's delay has ended too.
    await send(queue, "2");
    expect(fault.strikes).toBe(2);
    expect(await counts(queue)).toEqual({ visible: "1", inFlight: "0" });
  });
});
