import { randomUUID } from "node:crypto";
import { Logger } from "@aws-lambda-powertools/logger";
import type { SQSEvent } from "aws-lambda";
import { retryHandler } from "../../../functions/retry/retry-handler.ts";
import type { Backoff } from "../../../functions/retry/drain.ts";
import { routeHandler } from "../../../functions/route/route-handler.ts";
import type { MetricSink } from "../../../functions/ground/metrics.ts";
import type { RetryRuntime } from "../../../functions/retry/retry-handler.ts";

/**
 * The metrics of a test's invocations, summed by name and dimension value: `ChangesRouted
 * production` → 3.
 */
export class CountingMetrics implements MetricSink {
  readonly totals = new Map<string, number>();

  count(name: string, value: number, dimension?: { value: string }): void {
    const key = dimension === undefined ? name : `${name} ${dimension.value}`;
    this.totals.set(key, (this.totals.get(key) ?? 0) + value);
  }

  milliseconds(): void {
    // Tests do not look at durations.
  }

  publish(): void {
    // Tests read `totals` instead.
  }
}

const SILENT = new Logger({ logLevel: "SILENT" });

/** An event of the raw queue with these bodies; `group` is their message group. */
export function rawEvent(bodies: readonly string[], group = "lane-0"): SQSEvent {
  return {
    Records: bodies.map((body) => ({
      messageId: randomUUID(),
      receiptHandle: "",
      body,
      attributes: {
        MessageGroupId: group,
        ApproximateReceiveCount: "1",
        SentTimestamp: "0",
        SenderId: "",
        ApproximateFirstReceiveTimestamp: "0",
      },
      messageAttributes: {},
      md5OfBody: "",
      eventSource: "aws:sqs",
      eventSourceARN: "",
      awsRegion: "us-east-1",
    })),
  };
}

/** An invocation without time for a second attempt: a failed message is returned at once. */
const NO_TIME = { getRemainingTimeInMillis: () => 0 };

/** Invokes the route function; returns the ids of the messages that SQS must deliver again. */
export async function route(
  runtime: RetryRuntime,
  event: SQSEvent,
  metrics: MetricSink = new CountingMetrics(),
): Promise<string[]> {
  const { batchItemFailures } = await routeHandler({ runtime, logger: SILENT, metrics })(
    event,
    NO_TIME,
  );
  return batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
}

export interface RetryOptions {
  readonly backoff?: Backoff;
  readonly metrics?: MetricSink;
  readonly remainingMs?: number;
  readonly logger?: Logger;
}

/** Invokes the retry function once. */
export async function retry(runtime: RetryRuntime, options: RetryOptions = {}): Promise<void> {
  const {
    metrics = new CountingMetrics(),
    remainingMs = 55_000,
    logger = SILENT,
    backoff = runtime.backoff,
  } = options;
  const unknownBackoff = options.backoff ?? runtime.unknownBackoff;
  const handle = retryHandler({
    runtime: { ...runtime, backoff, unknownBackoff },
    logger,
    metrics,
  });
  await handle({}, { getRemainingTimeInMillis: () => remainingMs });
}
