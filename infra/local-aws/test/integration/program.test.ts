import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { CreateQueueCommand, SQSClient } from "@aws-sdk/client-sqs";
import { expect, test } from "vitest";

const MAIN = new URL("../../main.ts", import.meta.url).pathname;

test("the program prints the variables that a client needs, and exits with 0 at a signal", async () => {
  const child = spawn(process.execPath, [MAIN, "--account-id", "123456789012"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  const environment = new Map<string, string>();
  for await (const line of createInterface({ input: child.stdout })) {
    const [name = "", value = ""] = line.split(/=(.*)/s);
    environment.set(name, value);
    if (name === "AWS_ENDPOINT_URL_S3") break;
  }
  using client = sqsClient(environment);
  const { QueueUrl } = await client.sqs.send(new CreateQueueCommand({ QueueName: "orders" }));
  expect(QueueUrl).toBe(`${environment.get("AWS_ENDPOINT_URL_SQS")}/123456789012/orders`);
  child.kill("SIGTERM");
  expect(await ended).toEqual([0, null]);
});

test("the program names a port that is in use and the option for help", async () => {
  const occupant = createServer().listen(0, "127.0.0.1");
  await once(occupant, "listening");
  const { port } = occupant.address() as AddressInfo;
  try {
    const run = promisify(execFile)(process.execPath, [MAIN, "--port", String(port)]);
    await expect(run).rejects.toMatchObject({
      code: 2,
      stderr: `local-aws: port ${port} is in use by another process (--help lists the options)\n`,
    });
  } finally {
    occupant.close();
  }
});

function sqsClient(environment: ReadonlyMap<string, string>): Disposable & { sqs: SQSClient } {
  const sqs = new SQSClient({
    region: environment.get("AWS_REGION") ?? "",
    endpoint: environment.get("AWS_ENDPOINT_URL_SQS") ?? "",
    credentials: {
      accessKeyId: environment.get("AWS_ACCESS_KEY_ID") ?? "",
      secretAccessKey: environment.get("AWS_SECRET_ACCESS_KEY") ?? "",
    },
  });
  return { sqs, [Symbol.dispose]: () => sqs.destroy() };
}
