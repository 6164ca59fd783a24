import type { Logger } from "@aws-lambda-powertools/logger";
import type { Context } from "aws-lambda";
import { RETRY_METRICS } from "../../wire/metrics.ts";
import type { RetryItems } from "../failures/retry-items.ts";
import { streamText, type Stream } from "../failures/stream.ts";
import { forEachLimited } from "../ground/concurrency.ts";
import type { MetricSink } from "../ground/metrics.ts";
import { drain, type Backoff, type Drained } from "./drain.ts";
import { redeliver, type RedeliverOptions } from "./redeliver.ts";

/** What parked records are delivered with. */
export interface RetryRuntime extends RedeliverOptions {
  readonly items: RetryItems;
  readonly backoff: Backoff;
}

export interface RetryHandlerOptions {
  readonly runtime: RetryRuntime;
  readonly logger: Logger;
  readonly metrics: MetricSink;
}

/** How long a queue's answer may take, milliseconds: streams do not wait for each other here. */
export const RETRY_PATIENCE_MS = 10_000;

/** An invocation begins nothing new in its last seconds: what is under way has to end before Lambda ends the function. */
const LAST_SECONDS_MS = 12_000;
/** Streams of one invocation, and how many are worked on at once; the rest wait for the next invocation. */
const MOST_STREAMS = 1000;
const PARALLEL_STREAMS = 8;

/** The retry function: an invocation delivers what is due, in order within each stream, as far as its time allows. */
export function retryHandler({ runtime, logger, metrics }: RetryHandlerOptions) {
  const { items, backoff, now } = runtime;
  const deliver = redeliver(runtime);

  return async (
    _event: unknown,
    context: Pick<Context, "getRemainingTimeInMillis">,
  ): Promise<void> => {
    const claimMs = context.getRemainingTimeInMillis();
    const signal = AbortSignal.timeout(Math.max(0, claimMs - LAST_SECONDS_MS));
    const options = { items, deliver, backoff, claimMs, now, random: Math.random };
    let recovered = 0;
    try {
      await forEachLimited(await firstDue(items), PARALLEL_STREAMS, async (stream) => {
        if (signal.aborted) return;
        try {
          const drained = await drain(stream, options, signal);
          recovered += drained.records;
          report(logger, stream, drained);
        } catch (error) {
          logger.error("a stream was left in the middle", {
            stream: streamText(stream),
            error: error as Error,
          });
        }
      });
    } finally {
      const [pending, dead] = await Promise.all([items.count("open"), items.count("dead")]);
      metrics.count(RETRY_METRICS.pending, pending);
      metrics.count(RETRY_METRICS.dead, dead);
      metrics.count(RETRY_METRICS.recovered, recovered);
      metrics.publish();
    }
  };
}

async function firstDue(items: RetryItems): Promise<readonly Stream[]> {
  const streams: Stream[] = [];
  for await (const stream of items.due()) {
    streams.push(stream);
    if (streams.length === MOST_STREAMS) break;
  }
  return streams;
}

function report(logger: Logger, stream: Stream, { kind, records }: Drained): void {
  const name = { stream: streamText(stream) };
  switch (kind) {
    case "dead":
      return logger.error("a stream's first record was given up; an operator has to act", name);
    case "closed":
      return logger.info("everything parked was delivered", { ...name, records });
    case "postponed":
    case "unfinished":
      return logger.info("a stream goes on later", { ...name, kind, records });
    case "not-due":
      return undefined;
    default:
      return kind satisfies never;
  }
}
