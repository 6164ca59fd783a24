import { mkdtempSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateQueueCommand, SQSClient } from "@aws-sdk/client-sqs";
import { expect, test } from "vitest";
import { startLocalAws } from "../../../../infra/local-aws/start-local-aws.ts";
import { localTarget } from "../../../../operator/shared/target.ts";

test("the raw dead-letter queue of a local stack is not that of an environment raw", async () => {
  await using aws = await startLocalAws();
  const { region, credentials, endpoints } = aws;
  using sqs = new DisposableSqs({ region, credentials, endpoint: endpoints.sqs });
  for (const name of ["shop-billing-raw-dead", "shop-raw-dead", "shop-search-raw-dead"]) {
    await sqs.send(
      new CreateQueueCommand({ QueueName: `${name}.fifo`, Attributes: { FifoQueue: "true" } }),
    );
  }
  const directory = mkdtempSync(join(tmpdir(), "target-"));
  try {
    const path = join(directory, "stack.json");
    const { sqs: sqsEndpoint, dynamodb, s3, secretsManager } = endpoints;
    await writeFile(
      path,
      JSON.stringify({
        ready: true,
        mysql: { host: "127.0.0.1", port: 3306, user: "root", password: "p" },
        aws: {
          region,
          ...credentials,
          sqsEndpoint,
          dynamodbEndpoint: dynamodb,
          s3Endpoint: s3,
          secretsManagerEndpoint: secretsManager,
        },
        environments: {},
        tables: { offsets: "o", failures: "f", sessions: "s" },
        payloadBucket: "payloads",
        processes: { main: process.pid },
      }),
    );
    using target = await localTarget(path);
    expect(target.rawDeadLetterQueueUrl).toMatch(/\/shop-raw-dead\.fifo$/);
  } finally {
    await rm(directory, { recursive: true });
  }
});

class DisposableSqs extends SQSClient {
  [Symbol.dispose](): void {
    this.destroy();
  }
}
