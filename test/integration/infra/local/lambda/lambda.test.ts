import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  SendMessageBatchCommand,
} from "@aws-sdk/client-sqs";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { inBackground } from "../../../../../infra/local/process/background.ts";
import {
  FunctionExitedError,
  FunctionFailedError,
  FunctionThrottledError,
  FunctionTimedOutError,
} from "../../../../../infra/local/lambda/errors.ts";
import {
  BatchItemsFailedError,
  runEventSourceMapping,
} from "../../../../../infra/local/lambda/event-source-mapping.ts";
import { LocalFunction } from "../../../../../infra/local/lambda/local-function.ts";
import { polledQueue } from "../../../../../infra/local/lambda/polled-queue.ts";
import { runSchedule } from "../../../../../infra/local/lambda/schedule.ts";
import type { Order, TraceLine } from "../../../../support/lambda/obedient-handler.ts";
import { useLocalAws } from "../../../../support/local-aws.ts";

const HANDLER = join(import.meta.dirname, "../../../../support/lambda/obedient-handler.ts");
const VISIBILITY_S = 2;
const PATIENCE = { timeout: 60_000, interval: 20 };

const aws = useLocalAws();
let directory: string;
let resources: AsyncDisposableStack;
let queueCount = 0;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "lambda-"));
  resources = new AsyncDisposableStack();
});
afterEach(async () => {
  await resources.disposeAsync();
  await rm(directory, { recursive: true });
});

/** A function whose handler follows the orders in its messages. */
function obedientFunction(options: { concurrency?: number; timeoutMs?: number } = {}) {
  const definition = {
    name: "obedient",
    entry: HANDLER,
    environment: {
      TRACE_FILE: join(directory, "trace"),
      AWS_LAMBDA_FUNCTION_NAME: "obedient",
    },
    timeoutMs: options.timeoutMs ?? 10_000,
    logFile: join(directory, "log"),
  };
  return resources.use(new LocalFunction(definition, options.concurrency ?? 4));
}

function trace(): TraceLine[] {
  const file = join(directory, "trace");
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as TraceLine);
}

/** A hand-made SQS event, for invocations without a queue. */
function eventOf(...orders: Order[]) {
  return {
    Records: orders.map((order) => ({
      messageId: order.name,
      body: JSON.stringify(order),
      attributes: { ApproximateReceiveCount: "1", MessageGroupId: "g" },
    })),
  };
}

describe("a function's process", () => {
  test("runs the handler with Lambda's context and returns what it returns", async () => {
    const local = obedientFunction({ timeoutMs: 7_000 });
    const response = await local.invoke(eventOf({ name: "a" }));
    expect(response).toEqual({ batchItemFailures: [] });
    const [begin] = trace();
    expect(begin).toMatchObject({ functionName: "obedient", pid: local.pids[0] });
    expect(begin?.remainingMs).toBeGreaterThan(5_000);
    expect(begin?.remainingMs).toBeLessThanOrEqual(7_000);
  });

  test("is used again for the next invocation", async () => {
    const local = obedientFunction();
    await local.warm();
    await local.invoke(eventOf({ name: "a" }));
    await local.invoke(eventOf({ name: "b" }));
    expect(new Set(trace().map(({ pid }) => pid))).toEqual(new Set(local.pids));
    expect(local.pids).toHaveLength(1);
  });

  test("survives a handler that throws", async () => {
    const local = obedientFunction();
    const ordered = { name: "a", trouble: { kind: "throw", times: 1 } } as const;
    await expect(local.invoke(eventOf(ordered))).rejects.toThrow(FunctionFailedError);
    await local.invoke(eventOf({ name: "b" }));
    expect(local.pids).toHaveLength(1);
  });

  test("is killed at the function's timeout, and the next invocation gets another", async () => {
    const local = obedientFunction({ timeoutMs: 1_500 });
    await local.warm();
    const [first] = local.pids;
    const hanging = { name: "a", trouble: { kind: "hang", times: 1 } } as const;
    await expect(local.invoke(eventOf(hanging))).rejects.toThrow(FunctionTimedOutError);
    await local.invoke(eventOf({ name: "b" }));
    expect(local.pids).toHaveLength(1);
    expect(local.pids[0]).not.toBe(first);
  });

  test("that was killed from outside is replaced at the next invocation", async () => {
    const local = obedientFunction();
    const running = local.invoke(eventOf({ name: "a", waitMs: 10_000 }));
    await vi.waitUntil(() => trace().length === 1, PATIENCE);
    const [pid = 0] = local.pids;
    const onStarted = vi.fn<() => void>();
    local.onStarted(onStarted);
    process.kill(pid, "SIGKILL");
    await expect(running).rejects.toThrow(FunctionExitedError);
    await local.invoke(eventOf({ name: "b" }));
    expect(local.pids).not.toContain(pid);
    expect(onStarted).toHaveBeenCalledOnce();
  });

  test("exists once for each running invocation, up to the function's concurrency", async () => {
    const local = obedientFunction({ concurrency: 2 });
    const both = [1, 2].map((n) => local.invoke(eventOf({ name: String(n), waitMs: 300 })));
    await expect(local.invoke(eventOf({ name: "3" }))).rejects.toThrow(FunctionThrottledError);
    await Promise.all(both);
    expect(local.pids).toHaveLength(2);
  });

  test("gets no environment variable of the process that started it", async () => {
    vi.stubEnv("TRACE_FILE_OF_SOMEBODY_ELSE", "x");
    const local = new LocalFunction(
      {
        name: "environment",
        entry: join(import.meta.dirname, "../../../../support/lambda/environment-handler.ts"),
        environment: { GIVEN: "yes" },
        timeoutMs: 10_000,
        logFile: join(directory, "log"),
      },
      1,
    );
    resources.use(local);
    const variables = (await local.invoke({})) as string[];
    vi.unstubAllEnvs();
    expect(variables).toContain("GIVEN");
    expect(variables).toContain("PATH");
    expect(variables).not.toContain("TRACE_FILE_OF_SOMEBODY_ELSE");
  });

  test("whose handler cannot be imported says why", async () => {
    const missing = new LocalFunction(
      {
        name: "missing",
        entry: join(directory, "none.ts"),
        environment: {},
        timeoutMs: 10_000,
        logFile: join(directory, "log"),
      },
      1,
    );
    await expect(missing.warm()).rejects.toThrow(/missing failed: Error: Cannot find module/);
  });

  test("ends when the process that started it is killed", async () => {
    const program = join(import.meta.dirname, "../../../../support/lambda/function-parent.ts");
    const parent = spawn(process.execPath, [program, HANDLER, join(directory, "log")], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [printed] = (await once(parent.stdout, "data")) as [Buffer];
    const pid = Number(printed.toString());
    expect(isRunning(pid)).toBe(true);
    parent.kill("SIGKILL");
    await vi.waitUntil(() => !isRunning(pid), PATIENCE);
  });
});

describe("the event source mapping", () => {
  test("hands a group's messages over in order, in batches, and deletes them", async () => {
    const { send, isEmpty } = await mappedQueue(obedientFunction());
    const names = Array.from({ length: 25 }, (_, n) => `m${n}`);
    await send(...names.map((name) => ({ group: "one", name })));
    await vi.waitUntil(isEmpty, PATIENCE);
    const ends = trace().filter(({ moment }) => moment === "end");
    expect(ends.flatMap((line) => line.names)).toEqual(names);
    expect(Math.max(...ends.map((line) => line.names.length))).toBeLessThanOrEqual(10);
  });

  test("runs one invocation per group at a time, and several groups in parallel", async () => {
    const { send, isEmpty } = await mappedQueue(obedientFunction(), { batchSize: 1 });
    const orders = ["x", "y", "x", "y"].map((group, n) => ({
      group,
      name: `${group}${n}`,
      waitMs: 400,
    }));
    await send(...orders);
    await vi.waitUntil(isEmpty, PATIENCE);
    const spans = invocationSpans();
    expect(spans.some((a) => spans.some((b) => a !== b && overlap(a, b)))).toBe(true);
    for (const group of ["x", "y"]) {
      const own = spans.filter((span) => span.group === group);
      expect(own).toHaveLength(2);
      expect(own.some((a) => own.some((b) => a !== b && overlap(a, b)))).toBe(false);
    }
  });

  test("deletes handled messages, and delivers a failed one again while its group waits", async () => {
    const { send, isEmpty, problems } = await mappedQueue(obedientFunction());
    await send(
      { group: "a", name: "a1" },
      { group: "a", name: "a2", trouble: { kind: "report", times: 1 } },
    );
    await vi.waitUntil(() => problems.length === 1, PATIENCE);
    expect(problems[0]).toBeInstanceOf(BatchItemsFailedError);
    await send({ group: "a", name: "a3" }, { group: "b", name: "b1" });
    await vi.waitUntil(isEmpty, PATIENCE);
    const names = trace()
      .filter(({ moment }) => moment === "end")
      .flatMap((line) => line.names);
    expect(names.filter((name) => name === "a1")).toHaveLength(1);
    expect(names.filter((name) => name === "a2")).toHaveLength(2);
    expect(names.lastIndexOf("a2")).toBeLessThan(names.indexOf("a3"));
    expect(names.indexOf("b1")).toBeLessThan(names.indexOf("a3"));
  });

  test.each([["throw"], ["exit"]] as const)(
    "deletes no message of an invocation that ends by %s, and delivers all of them again",
    async (kind) => {
      const { send, isEmpty, problems } = await mappedQueue(obedientFunction());
      await send(
        { group: "a", name: "a1" },
        { group: "a", name: "a2", trouble: { kind, times: 1 } },
      );
      await vi.waitUntil(isEmpty, PATIENCE);
      const begins = trace().filter(({ moment }) => moment === "begin");
      expect(begins.map((line) => line.names)).toEqual([
        ["a1", "a2"],
        ["a1", "a2"],
      ]);
      expect(problems).toHaveLength(1);
    },
  );

  test("deletes handled messages although the first two attempts at it fail", async () => {
    aws.faults.add({
      service: "sqs",
      action: "DeleteMessageBatch",
      effect: { kind: "error", code: "ThrottlingException" },
      calls: 2,
    });
    const { send, isEmpty, problems } = await mappedQueue(obedientFunction());
    await send({ group: "a", name: "a1" });
    await vi.waitUntil(isEmpty, PATIENCE);
    expect(trace().filter(({ moment }) => moment === "begin")).toHaveLength(1);
    expect(problems).toEqual([]);
  });

  test("goes on after a time in which the queue could not be reached", async () => {
    aws.faults.add({
      service: "sqs",
      action: "ReceiveMessage",
      effect: { kind: "error", code: "AWS.SimpleQueueService.InternalError", status: 500 },
      calls: 8,
    });
    const { send, isEmpty, problems } = await mappedQueue(obedientFunction());
    await send({ group: "a", name: "a1" });
    await vi.waitUntil(isEmpty, PATIENCE);
    aws.faults.clear();
    expect(problems.length).toBeGreaterThan(0);
  });
});

test("the schedule invokes a function once a period, and goes on after a failure", async () => {
  const problems: unknown[] = [];
  let invocations = 0;
  const invoke = async (event: unknown) => {
    expect(event).toMatchObject({ source: "aws.events", "detail-type": "Scheduled Event" });
    if (++invocations === 1) throw new Error("the first one fails");
  };
  resources.use(
    inBackground((signal) =>
      runSchedule(
        { periodMs: 30, region: "us-east-1", invoke, onProblem: (error) => problems.push(error) },
        signal,
      ),
    ),
  );
  await vi.waitUntil(() => invocations >= 3, PATIENCE);
  expect(problems).toHaveLength(1);
});

interface MappedQueue {
  readonly problems: readonly unknown[];
  /** Sends in batches of ten. */
  readonly send: (...orders: (Order & { group: string })[]) => Promise<void>;
  /** Whether the queue has no messages, visible or in flight. */
  readonly isEmpty: () => Promise<boolean>;
}

/** A FIFO queue with an event source mapping to the function. */
async function mappedQueue(local: LocalFunction, { batchSize = 10 } = {}): Promise<MappedQueue> {
  const { sqs } = aws;
  const { QueueUrl: queueUrl = "" } = await sqs.send(
    new CreateQueueCommand({
      QueueName: `lambda-${++queueCount}.fifo`,
      Attributes: {
        FifoQueue: "true",
        ContentBasedDeduplication: "true",
        VisibilityTimeout: String(VISIBILITY_S),
      },
    }),
  );
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ["QueueArn"] }),
  );
  const problems: unknown[] = [];
  resources.use(
    inBackground((signal) =>
      runEventSourceMapping(
        {
          queue: polledQueue(aws, queueUrl),
          region: aws.region,
          queueArn: Attributes["QueueArn"] ?? "",
          batchSize,
          concurrency: local.concurrency,
          reportsBatchItemFailures: true,
          invoke: (event) => local.invoke(event),
          onProblem: (error) => problems.push(error),
        },
        signal,
      ),
    ),
  );
  return {
    problems,
    async send(...orders) {
      for (let start = 0; start < orders.length; start += 10) {
        const Entries = orders.slice(start, start + 10).map(({ group, ...order }, index) => ({
          Id: String(index),
          MessageGroupId: group,
          MessageBody: JSON.stringify(order),
        }));
        await sqs.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
      }
    },
    async isEmpty() {
      const AttributeNames = [
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesNotVisible",
      ] as const;
      const answer = await sqs.send(
        new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: [...AttributeNames] }),
      );
      return AttributeNames.every((name) => answer.Attributes?.[name] === "0");
    },
  };
}

interface Span {
  readonly group: string;
  readonly beginMs: number;
  readonly endMs: number;
}

/**
 * When each invocation ran. The invocations of one process do not overlap, so its lines come in
 * pairs.
 */
function invocationSpans(): Span[] {
  const open = new Map<number, TraceLine>();
  const spans: Span[] = [];
  for (const line of trace()) {
    const begin = open.get(line.pid);
    if (line.moment === "begin" || begin === undefined) {
      open.set(line.pid, line);
    } else {
      spans.push({ group: begin.groups.join(), beginMs: begin.atMs, endMs: line.atMs });
      open.delete(line.pid);
    }
  }
  return spans;
}

function overlap(a: Span, b: Span): boolean {
  return a.beginMs < b.endMs && b.beginMs < a.endMs;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
