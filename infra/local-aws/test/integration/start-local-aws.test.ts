import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { CreateTableCommand } from "@aws-sdk/client-dynamodb";
import { CreateSecretCommand } from "@aws-sdk/client-secrets-manager";
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
} from "@aws-sdk/client-sqs";
import { expect, test, vi } from "vitest";
import { PortInUseError } from "../../http/port-in-use-error.ts";
import { startLocalAws } from "../../start-local-aws.ts";
import { startLocalAwsWithClients } from "../../clients.ts";

test("starting fails with the number of a port in use and leaves nothing running", async () => {
  const occupant = createServer().listen(0, "127.0.0.1");
  await once(occupant, "listening");
  const taken = (occupant.address() as AddressInfo).port;
  const free = await freePort();
  try {
    const starting = startLocalAws({ ports: { sqs: free, s3: taken } });
    await expect(starting).rejects.toThrow(PortInUseError);
    await expect(starting).rejects.toMatchObject({ port: taken });
    await expect(fetch(`http://127.0.0.1:${free}`)).rejects.toThrow();
  } finally {
    occupant.close();
  }
});

test("a client without arguments in another process finds the services by the environment variables", async () => {
  await using local = await startLocalAwsWithClients();
  await local.sqs.send(new CreateQueueCommand({ QueueName: "orders" }));
  const child = spawn(process.execPath, ["--input-type=module", "--eval", CHILD], {
    env: { ...ENVIRONMENT_OF_A_DEVELOPER, ...local.aws.environment() },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [chunks, [code]] = await Promise.all([child.stdout.toArray(), once(child, "exit")]);
  expect(code).toBe(0);
  expect(JSON.parse(Buffer.concat(chunks as Buffer[]).toString())).toEqual({
    queue: `${local.aws.endpoints.sqs}/000000000000/orders`,
    tables: [],
    secret: "swordfish",
    object: "hello",
  });
});

test("disposing ends waiting receives", async () => {
  const local = await startLocalAwsWithClients();
  const { QueueUrl } = await local.sqs.send(new CreateQueueCommand({ QueueName: "orders" }));
  const polling = expect(
    local.sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20 })),
  ).rejects.toThrow();
  await vi.waitFor(
    () => expect(local.aws.counts("sqs").actions).toHaveProperty("ReceiveMessage"),
    60_000,
  );
  await local[Symbol.asyncDispose]();
  await polling;
});

test("region and account appear in URLs and ARNs", async () => {
  const region = "eu-west-3";
  const accountId = "123456789012";
  await using local = await startLocalAwsWithClients({ region, accountId });
  expect(local.aws.environment()).toMatchObject({ AWS_REGION: region });
  const { QueueUrl } = await local.sqs.send(new CreateQueueCommand({ QueueName: "orders" }));
  expect(QueueUrl).toBe(`${local.aws.endpoints.sqs}/${accountId}/orders`);
  const { Attributes } = await local.sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["QueueArn"] }),
  );
  expect(Attributes).toEqual({ QueueArn: `arn:aws:sqs:${region}:${accountId}:orders` });
  const { TableDescription } = await local.dynamodb.send(
    new CreateTableCommand({
      TableName: "offsets",
      BillingMode: "PAY_PER_REQUEST",
      KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
      AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
    }),
  );
  expect(TableDescription?.TableArn).toBe(`arn:aws:dynamodb:${region}:${accountId}:table/offsets`);
  const { ARN } = await local.secretsManager.send(new CreateSecretCommand({ Name: "source" }));
  expect(ARN).toContain(`arn:aws:secretsmanager:${region}:${accountId}:secret:source-`);
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

const ENVIRONMENT_OF_A_DEVELOPER = {
  PATH: process.env["PATH"],
  AWS_PROFILE: "production",
  AWS_REGION: "eu-central-1",
  AWS_SESSION_TOKEN: "token",
  AWS_ENDPOINT_URL: "http://127.0.0.1:9",
  AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: "true",
};

const CHILD = `
import { SQS } from "@aws-sdk/client-sqs";
import { DynamoDB } from "@aws-sdk/client-dynamodb";
import { SecretsManager } from "@aws-sdk/client-secrets-manager";
import { S3 } from "@aws-sdk/client-s3";

const { QueueUrl } = await new SQS().getQueueUrl({ QueueName: "orders" });
const { TableNames } = await new DynamoDB().listTables({});
const secrets = new SecretsManager();
await secrets.createSecret({ Name: "source", SecretString: "swordfish" });
const { SecretString } = await secrets.getSecretValue({ SecretId: "source" });
const s3 = new S3();
await s3.createBucket({ Bucket: "payloads" });
await s3.putObject({ Bucket: "payloads", Key: "a/b", Body: "hello" });
const { Body } = await s3.getObject({ Bucket: "payloads", Key: "a/b" });
console.log(JSON.stringify({
  queue: QueueUrl, tables: TableNames, secret: SecretString, object: await Body.transformToString(),
}));
`;
