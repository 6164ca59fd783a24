import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { Logger } from "@aws-lambda-powertools/logger";
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import type { SQSEvent } from "aws-lambda";
import { routeHandler } from "../../../functions/route/route-handler.ts";
import type { Backoff } from "../../../functions/retry/drain.ts";
import { fixedPatience } from "../../../functions/delivery/patience.ts";
import { RETRY_PATIENCE_MS } from "../../../functions/retry/retry-handler.ts";
import type { Clients } from "../../../functions/aws/clients.ts";
import type { RetryRuntime } from "../../../functions/retry/retry-handler.ts";
import { runEventSourceMapping } from "../../../infra/local/lambda/event-source-mapping.ts";
import { polledQueue } from "../../../infra/local/lambda/polled-queue.ts";
import { CountingMetrics, retry } from "./invoke.ts";
import type { Stage } from "./stage.ts";

export interface PipelineOptions {
  /** The route function's runtime; default: that of a cold start. */
  readonly runtime?: RetryRuntime;
  /** Pause between two invocations of the retry function, ms; absent: it is not invoked. */
  readonly retryEveryMs?: number;
  readonly backoff?: Backoff;
  /** Changes the rules of both functions; default: unchanged. */
  readonly altered?: (rules: RetryRuntime["rules"]) => RetryRuntime["rules"];
  /** Remaining time of an invocation of route, ms; default 0: no second attempt. */
  readonly remainingMs?: number;
}

/**
 * The time of an invocation of the retry function. It is short, because a stream that an
 * interrupted invocation has claimed waits until this time is over.
 */
const RETRY_MS = 15_000;

/**
 * Runs both functions on a stage's raw queue, as Lambda would. Disposing waits until they have
 * finished.
 */
export class Pipeline implements AsyncDisposable {
  readonly metrics = new CountingMetrics();
  readonly #stage: Stage;
  /** The reader's client. */
  readonly #sqs: SQSClient;
  readonly #retryClients: Clients;
  readonly #stop = new AbortController();
  readonly #running: Promise<unknown>[];

  constructor(stage: Stage, options: PipelineOptions = {}) {
    this.#stage = stage;
    const { region, credentials, endpoints } = stage.aws;
    this.#sqs = new SQSClient({ region, credentials, endpoint: endpoints.sqs });
    const { retryEveryMs, backoff, remainingMs = 0, altered = (rules) => rules } = options;
    this.#retryClients = stage.newClients("retry");
    const limits = backoff === undefined ? {} : { backoff };
    const { runtime = stage.runtimeWith(stage.clients, limits) } = options;
    const patient = stage.runtimeWith(this.#retryClients, {
      patience: fixedPatience(RETRY_PATIENCE_MS),
      ...limits,
    });
    const routeRuntime = { ...runtime, rules: altered(runtime.rules) };
    const retryRuntime = { ...patient, rules: altered(patient.rules) };
    const { signal } = this.#stop;
    const { metrics } = this;
    const logger = new Logger({ logLevel: "SILENT" });
    const handler = routeHandler({ runtime: routeRuntime, metrics, logger });
    const mapping = runEventSourceMapping(
      {
        queue: polledQueue(stage.aws, stage.rawQueueUrl),
        region,
        queueArn: "",
        batchSize: 10,
        concurrency: 4,
        reportsBatchItemFailures: true,
        invoke: (event) =>
          handler(event as SQSEvent, { getRemainingTimeInMillis: () => remainingMs }),
        // Tests look at what arrived, not at the number of attempts.
        onProblem: () => undefined,
      },
      signal,
    );
    const schedule =
      retryEveryMs === undefined
        ? Promise.resolve()
        : repeat(
            () => retry(retryRuntime, { metrics, remainingMs: RETRY_MS }),
            retryEveryMs,
            signal,
          );
    this.#running = [mapping, schedule];
  }

  /** Sends a frame to the raw queue, as the reader does. */
  async send(frame: string, lane = 0): Promise<void> {
    await this.#sqs.send(
      new SendMessageCommand({
        QueueUrl: this.#stage.rawQueueUrl,
        MessageBody: frame,
        MessageGroupId: `lane-${lane}`,
        MessageDeduplicationId: randomUUID(),
      }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#running);
    for (const client of [this.#sqs, ...Object.values(this.#retryClients)]) client.destroy();
  }
}

async function repeat(
  invoke: () => Promise<void>,
  everyMs: number,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    // An invocation may fail to reach its table; the next one follows.
    await invoke().catch(() => undefined);
    await delay(everyMs, undefined, { signal }).catch(() => undefined);
  }
}
