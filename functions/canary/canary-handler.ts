import type { Logger } from "@aws-lambda-powertools/logger";
import type { Context } from "aws-lambda";
import { CANARY_METRICS } from "../../wire/metrics.ts";
import type { MetricSink } from "../ground/metrics.ts";
import { beat, type BeatOptions } from "./beat.ts";

export interface CanaryParts extends Omit<BeatOptions, "patienceMs"> {
  readonly metrics: MetricSink;
  readonly logger: Pick<Logger, "warn">;
}

/** The part of an invocation's time that is reserved for the metrics, milliseconds. */
const RESERVE_MS = 3000;

/**
 * Creates the canary's handler. An invocation that cannot write or receive rejects. Its metric is
 * then missing, which sets off the same alarm as a row that does not arrive.
 */
export function canaryHandler({ metrics, logger, ...parts }: CanaryParts) {
  return async (
    _event: unknown,
    context: Pick<Context, "getRemainingTimeInMillis">,
  ): Promise<void> => {
    const patienceMs = context.getRemainingTimeInMillis() - RESERVE_MS;
    const { delaysMs, isBack } = await beat({ ...parts, patienceMs });
    metrics.count(CANARY_METRICS.arrived, isBack ? 1 : 0);
    for (const delayMs of delaysMs) metrics.milliseconds(CANARY_METRICS.delay, delayMs);
    metrics.publish();
    if (!isBack) logger.warn("the canary's row did not arrive", { patienceMs });
  };
}
