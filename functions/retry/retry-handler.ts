import type { Logger } from "@aws-lambda-powertools/logger";
import type { Context } from "aws-lambda";
import { RETRY_METRICS } from "../../wire/metrics.ts";
import { countStreams, dueStreams, retryItems } from "../failures/retry-items.ts";
import { streamText, type Stream } from "../failures/stream.ts";
import type { MetricSink } from "../metrics.ts";
import type { Runtime } from "../runtime.ts";
import type { Drained } from "./drain.ts";
import { redeliver } from "./redeliver.ts";
import { retryRun } from "./run.ts";

export interface RetryHandlerOptions {
  readonly runtime: Runtime;
  readonly logger: Logger;
  readonly metrics: MetricSink;
}

/** How long a queue's answer may take, milliseconds: streams do not wait for each other here. */
export const RETRY_PATIENCE_MS = 10_000;

/** A run begins nothing new in its last seconds: what is under way has to end before Lambda ends the function. */
const LAST_SECONDS_MS = 12_000;
const PARALLEL_STREAMS = 8;

/** The retry function: one run delivers what is due, in order within each stream, as far as its time allows. */
export function retryHandler(options: RetryHandlerOptions) {
  const { runtime, logger, metrics } = options;
  const { clients, settings, backoff, now } = runtime;
  const table = settings.failuresTable;
  const items = retryItems({ client: clients.dynamodb, table, now });
  const deliver = redeliver({ ...runtime, source: settings.source });

  return async (
    _event: unknown,
    context: Pick<Context, "getRemainingTimeInMillis">,
  ): Promise<void> => {
    const remainingMs = context.getRemainingTimeInMillis();
    const signal = AbortSignal.timeout(Math.max(0, remainingMs - LAST_SECONDS_MS));
    let recovered = 0;
    try {
      await retryRun(
        {
          items,
          deliver,
          backoff,
          claimMs: remainingMs,
          now,
          random: Math.random,
          due: () => dueStreams(clients.dynamodb, table, now()),
          parallel: PARALLEL_STREAMS,
          onStream: (stream, result) => {
            if (result.kind !== "error") recovered += result.records;
            report(logger, stream, result);
          },
        },
        signal,
      );
    } finally {
      const [pending, dead] = await Promise.all([
        countStreams(clients.dynamodb, table, "open"),
        countStreams(clients.dynamodb, table, "dead"),
      ]);
      metrics.count(RETRY_METRICS.pending, pending);
      metrics.count(RETRY_METRICS.dead, dead);
      metrics.count(RETRY_METRICS.recovered, recovered);
      metrics.publish();
    }
  };
}

function report(
  logger: Logger,
  stream: Stream,
  result: Drained | { readonly kind: "error"; readonly error: unknown },
): void {
  const place = { stream: streamText(stream) };
  switch (result.kind) {
    case "error":
      return logger.error("a stream was left in the middle", {
        ...place,
        error: result.error as Error,
      });
    case "dead":
      return logger.error("a stream's first record was given up; an operator has to act", place);
    case "closed":
      return logger.info("everything parked was delivered", { ...place, records: result.records });
    case "postponed":
    case "unfinished":
      return logger.info("a stream goes on later", { ...place, ...result });
    case "not-due":
      return undefined;
    default:
      return result satisfies never;
  }
}
