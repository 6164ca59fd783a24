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
import { CountingMetrics, retry } from "./invoke.ts";
import type { Stage } from "./stage.ts";

export interface PipelineOptions {
  /** Of the route function; default: a cold start's. */
  readonly runtime?: RetryRuntime;
  /** Pause between two invocations of the retry function; left out, it is not invoked. */
  readonly retryEveryMs?: number;
  readonly backoff?: Backoff;
  /** What becomes of the rules of both functions; default: nothing. */
  readonly altered?: (rules: RetryRuntime["rules"]) => RetryRuntime["rules"];
  /** The time that an invocation of the route function has; default none to try anything again. */
  readonly remainingMs?: number;
}

/**
 * How long an invocation of the retry function may take: short, because what an interrupted one has
 * claimed waits until this time is over.
 */
const RETRY_MS = 15_000;

/**
 * Both functions at work on a stage's raw queue, as Lambda would run them. Disposing lets them
 * finish.
 */
export class Pipeline implements AsyncDisposable {
  readonly metrics = new CountingMetrics();
  readonly #stage: Stage;
  /** Lambda's: it waits for a long poll, which the functions' clients would not. */
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
        sqs: this.#sqs,
        region,
        queueUrl: stage.rawQueueUrl,
        queueArn: "",
        batchSize: 10,
        concurrency: 4,
        reportsBatchItemFailures: true,
        invoke: (event) =>
          handler(event as SQSEvent, { getRemainingTimeInMillis: () => remainingMs }),
        // A test looks at what arrived, not at how often something had to come again.
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

  /** Puts a frame into the raw queue, as the reader does. */
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
    // An invocation that could not reach its table is followed by the next one.
    await invoke().catch(() => undefined);
    await delay(everyMs, undefined, { signal }).catch(() => undefined);
  }
}
