import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import {
  CreateTableCommand,
  GetItemCommand,
  PutItemCommand,
  ScanCommand,
} from "@aws-sdk/client-dynamodb";
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import {
  CreateSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
} from "@aws-sdk/client-secrets-manager";
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import { expect, onTestFinished, test, vi } from "vitest";
import { awsClients, startLocalAwsWithClients } from "../../clients.ts";

const MAIN = new URL("../../main.ts", import.meta.url).pathname;
const SEED = Number(process.env["SEED"] ?? Math.floor(Math.random() * 2 ** 31));

async function newDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "local-aws-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

const FIFO = { FifoQueue: "true", VisibilityTimeout: "30" };

async function createQueue(sqs: SQSClient, QueueName: string, Attributes: Record<string, string>) {
  const { QueueUrl = "" } = await sqs.send(new CreateQueueCommand({ QueueName, Attributes }));
  return QueueUrl;
}

async function receive(sqs: SQSClient, QueueUrl: string): Promise<Message[]> {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({
      QueueUrl,
      MaxNumberOfMessages: 10,
      MessageSystemAttributeNames: ["All"],
      MessageAttributeNames: ["All"],
    }),
  );
  return Messages;
}

function send(sqs: SQSClient, QueueUrl: string, body: string, more: object = {}) {
  return sqs.send(
    new SendMessageCommand({
      QueueUrl,
      MessageBody: body,
      MessageGroupId: "g",
      MessageDeduplicationId: Buffer.from(body).toString("hex"),
      ...more,
    }),
  );
}

test("a queue keeps its messages, their order, receive counts and deduplication over a restart", async () => {
  const directory = await newDirectory();
  let last = "";
  {
    await using first = await startLocalAwsWithClients({ directory });
    const dead = await createQueue(first.sqs, "dead.fifo", FIFO);
    const QueueUrl = await createQueue(first.sqs, "orders.fifo", FIFO);
    const blob = { BinaryValue: Buffer.from([0, 255, 10]), DataType: "Binary" };
    await send(first.sqs, QueueUrl, "one");
    await send(first.sqs, QueueUrl, "two\n\u2028\u2029 😀", { MessageAttributes: { blob } });
    await send(first.sqs, QueueUrl, "three");
    await send(first.sqs, dead, "dead");
    const [one] = await receive(first.sqs, QueueUrl);
    await first.sqs.send(
      new DeleteMessageCommand({ QueueUrl, ReceiptHandle: one?.ReceiptHandle ?? "" }),
    );
    ({ SequenceNumber: last = "" } = await send(first.sqs, QueueUrl, "four"));
  }
  await using second = await startLocalAwsWithClients({ directory });
  // The queue is created with a changed attribute. The new attribute applies, and the messages kept
  // under the queue's name are still there.
  const QueueUrl = await createQueue(second.sqs, "orders.fifo", { ...FIFO, DelaySeconds: "0" });
  expect((await send(second.sqs, QueueUrl, "one")).SequenceNumber).toBeDefined();
  const five = await send(second.sqs, QueueUrl, "five");
  expect(BigInt(five.SequenceNumber ?? 0)).toBeGreaterThan(BigInt(last));
  const messages = await receive(second.sqs, QueueUrl);
  // The second "one" is missing: that send repeats a deduplication id of the last five minutes.
  expect(messages.map(({ Body }) => Body)).toEqual([
    "two\n\u2028\u2029 😀",
    "three",
    "four",
    "five",
  ]);
  expect(messages.map(({ Attributes }) => Attributes?.["ApproximateReceiveCount"])).toEqual([
    "2",
    "2",
    "1",
    "1",
  ]);
  const { BinaryValue } = messages[0]?.MessageAttributes?.["blob"] ?? {};
  expect(Buffer.from(BinaryValue ?? [])).toEqual(Buffer.from([0, 255, 10]));
  const dead = await createQueue(second.sqs, "dead.fifo", FIFO);
  expect((await receive(second.sqs, dead)).map(({ Body }) => Body)).toEqual(["dead"]);
});

test("items, objects and secrets are kept over a restart", async () => {
  const directory = await newDirectory();
  const table = {
    TableName: "offsets",
    BillingMode: "PAY_PER_REQUEST" as const,
    AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" as const }],
    KeySchema: [{ AttributeName: "id", KeyType: "HASH" as const }],
  };
  const Key = { id: { S: "a" } };
  const content = Buffer.from([10, 0, 13, 10, 255]);
  let arn: string | undefined;
  {
    await using first = await startLocalAwsWithClients({ directory });
    await first.dynamodb.send(new CreateTableCommand(table));
    await first.dynamodb.send(
      new PutItemCommand({ TableName: "offsets", Item: { ...Key, at: { N: "7" } } }),
    );
    await first.s3.send(new CreateBucketCommand({ Bucket: "payloads" }));
    for (const name of ["kept/ü", "gone"])
      await first.s3.send(
        new PutObjectCommand({
          Bucket: "payloads",
          Key: name,
          Body: content,
          Metadata: { of: "shop" },
        }),
      );
    await first.s3.send(new DeleteObjectCommand({ Bucket: "payloads", Key: "gone" }));
    ({ ARN: arn } = await first.secretsManager.send(
      new CreateSecretCommand({ Name: "filters", SecretString: "one" }),
    ));
    await first.secretsManager.send(
      new PutSecretValueCommand({ SecretId: "filters", SecretString: "two" }),
    );
  }
  await using second = await startLocalAwsWithClients({ directory });
  await expect(second.dynamodb.send(new CreateTableCommand(table))).rejects.toMatchObject({
    name: "ResourceInUseException",
  });
  const { Item } = await second.dynamodb.send(new GetItemCommand({ TableName: "offsets", Key }));
  expect(Item).toEqual({ ...Key, at: { N: "7" } });
  await second.s3.send(new CreateBucketCommand({ Bucket: "payloads" }));
  const { Contents = [] } = await second.s3.send(new ListObjectsV2Command({ Bucket: "payloads" }));
  expect(Contents).toMatchObject([{ Key: "kept/ü", Size: content.length }]);
  const object = await second.s3.send(new GetObjectCommand({ Bucket: "payloads", Key: "kept/ü" }));
  expect(Buffer.from((await object.Body?.transformToByteArray()) ?? [])).toEqual(content);
  expect(object.Metadata).toEqual({ of: "shop" });
  const secret = await second.secretsManager.send(
    new GetSecretValueCommand({ SecretId: "filters" }),
  );
  expect(secret).toMatchObject({ ARN: arn, SecretString: "two" });
});

test("a file with an incomplete last line is read; a file with other damage is refused", async () => {
  const directory = await newDirectory();
  const file = join(directory, "messages.jsonl");
  {
    await using first = await startLocalAwsWithClients({ directory });
    const QueueUrl = await createQueue(first.sqs, "orders", {});
    await first.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "whole" }));
  }
  await appendFile(file, (await readFile(file, "utf8")).slice(0, 40));
  {
    await using second = await startLocalAwsWithClients({ directory });
    const messages = await receive(second.sqs, await createQueue(second.sqs, "orders", {}));
    expect(messages.map(({ Body }) => Body)).toEqual(["whole"]);
  }
  await appendFile(file, '["+","ord\n["-","orders","1"]\n');
  await expect(startLocalAwsWithClients({ directory })).rejects.toThrow("is damaged in line");
});

/** Starts the program on a directory, and creates the SDK's clients for it. */
async function program(directory: string) {
  const child: ChildProcess = spawn(process.execPath, [MAIN, "--directory", directory], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const environment = new Map<string, string>();
  if (child.stdout === null) throw new TypeError("it is a pipe");
  for await (const line of createInterface({ input: child.stdout })) {
    const [name = "", value = ""] = line.split(/=(.*)/s);
    environment.set(name, value);
    if (name === "AWS_ENDPOINT_URL_S3") break;
  }
  const endpoint = (name: string): string => environment.get(`AWS_ENDPOINT_URL_${name}`) ?? "";
  const clients = awsClients({
    region: "us-east-1",
    accountId: "000000000000",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
    endpoints: {
      sqs: endpoint("SQS"),
      dynamodb: endpoint("DYNAMODB"),
      secretsManager: endpoint("SECRETS_MANAGER"),
      s3: endpoint("S3"),
    },
  });
  return { child, clients };
}

test("a stand-in that is killed repeatedly loses no acknowledged message and delivers no deleted one", async () => {
  console.info(`seed ${SEED}`);
  const directory = await newDirectory();
  const sent = new Set<string>();
  const written = new Set<string>();
  const deleted = new Set<string>();
  // A delete that the kill interrupted may have been carried out even though it was not answered.
  const maybeDeleted = new Set<string>();
  const table = {
    TableName: "written",
    BillingMode: "PAY_PER_REQUEST" as const,
    AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" as const }],
    KeySchema: [{ AttributeName: "id", KeyType: "HASH" as const }],
  };
  for (let round = 0; round < 4; round++) {
    const { child, clients } = await program(directory);
    const { sqs, dynamodb } = clients;
    const QueueUrl = await createQueue(sqs, "orders.fifo", FIFO);
    await dynamodb.send(new CreateTableCommand(table)).catch(() => undefined);
    const work = async (writer: number): Promise<void> => {
      for (let n = 0; ; n++) {
        const name = `${round}/${writer}/${n}`;
        const MessageBody = `${name} ${"x".repeat(((SEED + n) % 5) * 20_000)}`;
        const ids = { MessageGroupId: String(writer), MessageDeduplicationId: name };
        await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody, ...ids }));
        sent.add(name);
        await dynamodb.send(
          new PutItemCommand({ TableName: "written", Item: { id: { S: name } } }),
        );
        written.add(name);
        if (n % 3 !== 0) continue;
        for (const { Body = "", ReceiptHandle } of await receive(sqs, QueueUrl)) {
          const received = Body.split(" ")[0] ?? "";
          maybeDeleted.add(received);
          await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
          deleted.add(received);
        }
      }
    };
    const working = [0, 1, 2].map((writer) => work(writer).catch(() => undefined));
    const enough = sent.size + 15 + ((SEED + round * 7919) % 30);
    await vi.waitUntil(() => sent.size >= enough, { timeout: 60_000, interval: 1 });
    child.kill("SIGKILL");
    await once(child, "close");
    clients[Symbol.dispose]();
    await Promise.all(working);
  }
  const { child, clients } = await program(directory);
  const QueueUrl = await createQueue(clients.sqs, "orders.fifo", FIFO);
  const left: string[] = [];
  for (;;) {
    const messages = await receive(clients.sqs, QueueUrl);
    if (messages.length === 0) break;
    for (const { Body = "", ReceiptHandle } of messages) {
      left.push(Body.split(" ")[0] ?? "");
      await clients.sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    }
  }
  const { Items = [] } = await clients.dynamodb.send(new ScanCommand({ TableName: "written" }));
  clients[Symbol.dispose]();
  child.kill("SIGTERM");
  expect(await once(child, "exit")).toEqual([0, null]);

  expect(sent.size).toBeGreaterThan(40);
  expect(deleted.size).toBeGreaterThan(0);
  expect(new Set(left).size).toBe(left.length);
  expect(left.filter((name) => deleted.has(name))).toEqual([]);
  expect([...sent].filter((name) => !maybeDeleted.has(name) && !left.includes(name))).toEqual([]);
  // Each group's messages arrive in order.
  for (const writer of ["0", "1", "2"]) {
    const places = left
      .map((name) => name.split("/"))
      .filter(([, of]) => of === writer)
      .map(([round, , n]) => Number(round) * 1e6 + Number(n));
    expect(places).toEqual(places.toSorted((a, b) => a - b));
  }
  const items = new Set(Items.map(({ id }) => id?.S));
  expect([...written].filter((name) => !items.has(name))).toEqual([]);
});
