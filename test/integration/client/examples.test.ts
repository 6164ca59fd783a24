import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from "aws-lambda";
import { CreateBucketCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, test, vi } from "vitest";
import { subscribe } from "../../../client/index.ts";
import { copyTo } from "../../../examples/copy.ts";
import { consume } from "../../../examples/plain-sdk.ts";
import { joinInText } from "../../../infra/local/display/join-in.ts";
import { encodePointer } from "../../../wire/payload-pointer.ts";
import type { EnvironmentMessage } from "../../../wire/message.ts";
import { createPositionsTable } from "../../support/client/positions-table.ts";
import { change, message } from "../../support/client/messages.ts";
import { startQueueRig, type QueueRig } from "../../support/client/queue-rig.ts";
import { run } from "../../support/client/run.ts";
import { pythonModules } from "../../support/prepare-python.ts";

const modules = await pythonModules();
/** Skips the Python examples only on a developer's machine, never in CI. */
const withoutPython = modules === null && process.env["CI"] === undefined;

describe("consumers without the library", () => {
  let rig: QueueRig;

  beforeEach(async () => {
    rig = await startQueueRig();
  });

  afterEach(async () => {
    vi.unstubAllEnvs();
    await rig[Symbol.asyncDispose]();
  });

  it("in plain SDK calls handle each change once, in order, and delete the messages", async () => {
    await rig.send(message([1, 2]), message([2, 3]), message([9], { group: "other" }));
    const seen: number[] = [];
    const stop = new AbortController();
    const handle = ({ source }: { source: { pos: number } }): void => void seen.push(source.pos);
    const consuming = consume(rig.sqs, rig.queueUrl(), handle, stop.signal);
    await vi.waitFor(() => expect(seen.filter((pos) => pos !== 9)).toEqual([1, 2, 3]), 60_000);
    await vi.waitFor(async () => expect(await rig.depth()).toBe(0), 60_000);
    expect(seen).toHaveLength(4);
    await stopped(consuming, stop);
  });

  it("in plain SDK calls, and as a Lambda function, fetch a message that was too large for SQS", async () => {
    for (const [name, value] of Object.entries(rig.aws.environment())) vi.stubEnv(name, value);
    const s3 = new S3Client({ endpoint: rig.aws.endpoints.s3 });
    await s3.send(new CreateBucketCommand({ Bucket: "payloads" }));
    await s3.send(
      new PutObjectCommand({
        Bucket: "payloads",
        Key: "a/1",
        Body: JSON.stringify(message([1, 2])),
      }),
    );
    const pointer = encodePointer({ bucket: "payloads", key: "a/1" });
    await rig.sendText("shop.orders", pointer);
    const seen: number[] = [];
    const stop = new AbortController();
    const handle = ({ source }: { source: { pos: number } }): void => void seen.push(source.pos);
    const consuming = consume(rig.sqs, rig.queueUrl(), handle, stop.signal, s3);
    await vi.waitFor(() => expect(seen).toEqual([1, 2]), 60_000);
    await stopped(consuming, stop);

    await createPositionsTable(rig.aws);
    vi.stubEnv("POSITIONS_TABLE", "positions");
    vi.resetModules();
    const print = vi.spyOn(console, "log").mockReturnValue();
    const { handler } = await import("../../../examples/lambda.ts");
    const Records = [{ ...record(message([1]), "m0"), body: pointer }];
    expect(await handler({ Records }, {} as Context, () => undefined)).toEqual({
      batchItemFailures: [],
    });
    expect(print).toHaveBeenCalledTimes(2);
    s3.destroy();
  });

  it("in plain SDK calls handle a change that fails before its successors", async () => {
    await rig.send(message([1]), message([2]), message([3], { group: "other" }));
    const errors = vi.spyOn(console, "error").mockReturnValue();
    const seen: number[] = [];
    const stop = new AbortController();
    const handle = ({ source }: { source: { pos: number } }): void => {
      if (source.pos === 1) throw new Error("not yet");
      seen.push(source.pos);
    };
    const consuming = consume(rig.sqs, rig.queueUrl(), handle, stop.signal);
    await vi.waitFor(async () => expect(await rig.depth()).toBe(2), 60_000);
    expect(seen).toEqual([3]);
    expect(errors).toHaveBeenCalledOnce();
    await stopped(consuming, stop);
  });

  it("as a Lambda function return the failed messages and recognise the handled ones", async () => {
    await createPositionsTable(rig.aws);
    for (const [name, value] of Object.entries(rig.aws.environment())) vi.stubEnv(name, value);
    vi.stubEnv("POSITIONS_TABLE", "positions");
    vi.resetModules();
    const print = vi.spyOn(console, "log").mockReturnValue();
    const { handler } = await import("../../../examples/lambda.ts");
    const invoke = async (...messages: EnvironmentMessage[]): Promise<SQSBatchResponse> => {
      const Records = messages.map((each, index) => record(each, `m${index}`));
      const event: SQSEvent = { Records };
      return (await handler(event, {} as Context, () => undefined)) as SQSBatchResponse;
    };

    expect(await invoke(message([1, 2]), message([3]))).toEqual({ batchItemFailures: [] });
    expect(print).toHaveBeenCalledTimes(3);
    expect(await invoke(message([1, 2]), message([4]))).toEqual({ batchItemFailures: [] });
    expect(print).toHaveBeenCalledTimes(4);

    const later = { ...message([5]), version: 2 as 1 };
    const other = message([7], { group: "other" });
    expect(await invoke(later, message([6]), other)).toEqual({
      batchItemFailures: [{ itemIdentifier: "m0" }, { itemIdentifier: "m1" }],
    });
    expect(print).toHaveBeenCalledTimes(5);
  });

  it.skipIf(withoutPython)("in Python print each change once, in order", async () => {
    await rig.send(message([1, 2]), message([2, 3]));
    const script = fileURLToPath(new URL("../../../examples/consumer.py", import.meta.url));
    const consumer = spawn("python3", [script], {
      env: {
        PATH: process.env["PATH"],
        HOME: process.env["HOME"],
        PYTHONPATH: modules ?? "",
        ...rig.aws.environment(),
        // boto3 reads the region from another variable, and takes an empty AWS_PROFILE for a
        // profile's name.
        AWS_DEFAULT_REGION: rig.aws.region,
        AWS_PROFILE: undefined,
        QUEUE_URL: rig.queueUrl(),
      },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const lines: string[] = [];
    createInterface(consumer.stdout).on("line", (line) => lines.push(line));
    await vi.waitFor(() => expect(lines).toHaveLength(3), 60_000);
    expect(lines).toEqual([1, 2, 3].map((id) => `c shop.orders {"id": ${id}}`));
    await vi.waitFor(async () => expect(await rig.depth()).toBe(0), 60_000);
    consumer.kill("SIGKILL");
    await once(consumer, "exit");
  });
});

/**
 * A minimal `aws` command on botocore, the AWS CLI's library. It supports what the printed line
 * uses.
 */
const AWS_OF_BOTOCORE = `#!/usr/bin/env python3
import argparse, botocore.session
options = argparse.ArgumentParser()
options.add_argument("--endpoint-url")
options.add_argument("service")
options.add_argument("operation")
options.add_argument("--queue-url")
options.add_argument("--wait-time-seconds", type=int)
o = options.parse_args()
client = botocore.session.get_session().create_client(o.service, endpoint_url=o.endpoint_url)
print(client.receive_message(QueueUrl=o.queue_url, WaitTimeSeconds=o.wait_time_seconds)["Messages"])
`;

/** The path of the real AWS CLI (`pip install awscli`); the nightly workflow sets it. */
const { AWS_COMMAND } = process.env;

test.skipIf(AWS_COMMAND === undefined && withoutPython)(
  "the line that npm start prints for the AWS command line shows a message without other settings",
  async () => {
    await using rig = await startQueueRig();
    await rig.send(message([1]));
    const directory = await mkdtemp(join(tmpdir(), "aws-command-"));
    onTestFinished(() => rm(directory, { recursive: true }));
    const aws = join(directory, "aws");
    if (AWS_COMMAND === undefined) await writeFile(aws, AWS_OF_BOTOCORE, { mode: 0o755 });
    else await symlink(AWS_COMMAND, aws);
    const printed = joinInText({
      mysql: { host: "127.0.0.1", port: 3306 },
      mysqlClient: "mysql",
      database: null,
      accounts: [],
      region: rig.aws.region,
      credentials: rig.aws.credentials,
      sqsEndpoint: rig.aws.endpoints.sqs,
      queueUrl: rig.queueUrl(),
      stackFile: ".local/stack.json",
    });
    const [line = ""] = printed.split("\n").filter((each) => each.includes(" sqs "));
    const env = {
      PATH: `${directory}:${process.env["PATH"]}`,
      HOME: directory,
      PYTHONPATH: AWS_COMMAND === undefined ? (modules ?? "") : "",
    };
    expect(await run("sh", ["-c", line], { cwd: directory, env })).toContain("shop.orders");
  },
  240_000,
);

test("an example runs by the command on its page, with the Node of the checkout", async () => {
  const page = await readFile(new URL("../../../examples/README.md", import.meta.url), "utf8");
  const [, example = ""] = /^npx (node examples\/.*)$/m.exec(page) ?? [];
  await using rig = await startQueueRig();
  await rig.send(message([1]));
  const env = { ...process.env, ...rig.aws.environment(), QUEUE_URL: rig.queueUrl() };
  const root = fileURLToPath(new URL("../../..", import.meta.url));
  const consumer = spawn(join(root, "node_modules/.bin", "node"), example.split(" ").slice(1), {
    cwd: root,
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(consumer, "exit");
  for await (const line of createInterface(consumer.stdout)) {
    expect(line).toBe("c shop.orders { id: 1 }");
    break;
  }
  consumer.kill("SIGKILL");
  await ended;
});

const row = (id: number, total: number) => ({ after: { id, total }, key: { id } });

test("the copy example follows a snapshot, the changes around it, changed keys, a truncation and a replay", async () => {
  await using rig = await startQueueRig();
  const copy = new Map<string, Record<string, unknown>>();
  await using _ = await subscribe("billing", copyTo(copy, "shop.orders"), {
    source: "shop",
    environment: "staging",
    sqs: rig.sqs,
    waitTimeSeconds: 1,
  });
  const snapshot = { id: "first", table: "shop.orders" };
  const none = { before: null, after: null, key: null };
  await rig.send(
    message([1], { changes: [change(1, row(9, 1))] }),
    message([2], { changes: [change(2, { op: "t", ...none })] }),
    message([3, 4], {
      changes: [
        change(3, { op: "snapshot", ...none, snapshot: { ...snapshot, state: "started" } }),
        change(4, { op: "r", ...row(1, 10), snapshot: { ...snapshot, chunk: 1 } }),
        change(5, { op: "r", ...row(2, 20), snapshot: { ...snapshot, chunk: 1 } }),
        change(6, { op: "r", ...row(3, 30), snapshot: { ...snapshot, chunk: 1 } }),
      ],
    }),
    message([7, 9], {
      changes: [
        change(7, { op: "u", before: { id: 1, total: 10 }, ...row(4, 11) }),
        change(8, { op: "d", before: { id: 2, total: 20 }, after: null, key: { id: 2 } }),
        change(9, row(6, 60)),
      ],
    }),
    // An operator's replay, between newer changes.
    message([1, 2], {
      replay: { id: "20261128-101500-3f2a" },
      changes: [change(1, row(4, 1)), change(2, { op: "t", ...none })],
    }),
    message([10], { changes: [change(10, row(5, 50))] }),
  );
  await vi.waitFor(() => expect(copy.has("5")).toBe(true), 60_000);
  expect([...copy.values()].map(({ id, total }) => [id, total])).toEqual([
    [3, 30],
    [4, 11],
    [6, 60],
    [5, 50],
  ]);
});

/**
 * Stops a consumer. Between two requests it ends normally; during a request it rejects with an
 * abort error.
 */
async function stopped(consuming: Promise<void>, stop: AbortController): Promise<void> {
  stop.abort();
  await consuming.catch((error: unknown) => expect(String(error)).toMatch(/abort/i));
}

/** An SQS record as Lambda's event source mapping passes it. */
function record(each: EnvironmentMessage, messageId: string): SQSRecord {
  return {
    messageId,
    receiptHandle: messageId,
    body: JSON.stringify(each),
    attributes: {
      ApproximateReceiveCount: "1",
      SentTimestamp: "0",
      SenderId: "router",
      ApproximateFirstReceiveTimestamp: "0",
      MessageGroupId: each.group,
    },
    messageAttributes: {},
    md5OfBody: "",
    eventSource: "aws:sqs",
    eventSourceARN: "arn:aws:sqs:us-east-1:000000000000:shop-billing-staging.fifo",
    awsRegion: "us-east-1",
  };
}
