import type { Logger } from "@aws-lambda-powertools/logger";
import { processPartialResponse, SqsFifoPartialProcessorAsync } from "@aws-lambda-powertools/batch";
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from "aws-lambda";
import { ROUTE_METRICS } from "../../wire/metrics.ts";
import { isChainError } from "../ground/errors.ts";
import type { MetricSink } from "../ground/metrics.ts";
import { countOutcome } from "./count-outcome.ts";
import { recordRouter, type RecordOutcome, type RouteRuntime } from "./route-records.ts";
import { tryAgain } from "./try-again.ts";

export interface HandlerOptions {
  readonly runtime: RouteRuntime;
  readonly logger: Logger;
  readonly metrics: MetricSink;
}

/**
 * The route function. It handles messages of the raw queue and returns those that SQS must deliver
 * again.
 */
export function routeHandler({ runtime, logger, metrics }: HandlerOptions) {
  return async (
    event: SQSEvent,
    context: Pick<Context, "getRemainingTimeInMillis">,
  ): Promise<SQSBatchResponse> => {
    const remainingMs = () => context.getRemainingTimeInMillis();
    const outcomes = new Set<RecordOutcome["kind"]>();
    try {
      return await handleByGroup(event, (records) => {
        const route = recordRouter(runtime, records, (error) =>
          logger.warn("delivering frames together failed; each frame is now delivered alone", {
            error: error as Error,
          }),
        );
        return async (record) => {
          try {
            const outcome = await tryAgain(() => route(record), {
              remainingMs,
              onFailure: (error) =>
                logger.warn("delivering a frame failed; this invocation tries again", {
                  messageId: record.messageId,
                  error: error as Error,
                }),
            });
            outcomes.add(outcome.kind);
            countOutcome(metrics, outcome, runtime.now());
            report(logger, record.messageId, outcome);
          } catch (error) {
            metrics.count(ROUTE_METRICS.framesReturned, 1);
            if (isChainError(error)) metrics.count(ROUTE_METRICS.gaps, 1);
            logger.error("delivering a frame failed; SQS delivers it again", {
              messageId: record.messageId,
              error: error as Error,
            });
            throw error;
          }
        };
      });
    } finally {
      if (outcomes.size > 0) {
        const onlyRepeats = outcomes.size === 1 && outcomes.has("repeat");
        metrics.count(ROUTE_METRICS.onlyRepeats, onlyRepeats ? 1 : 0);
      }
      metrics.publish();
    }
  };
}

/**
 * Handles the records of each message group in order, and the groups in parallel, so that trouble
 * in one lane neither fails nor delays another. Returns the first failed record of each group and
 * all records after it.
 */
async function handleByGroup(
  event: SQSEvent,
  handlerOfGroup: (records: readonly SQSRecord[]) => (record: SQSRecord) => Promise<unknown>,
): Promise<SQSBatchResponse> {
  const groups = Map.groupBy(event.Records, ({ attributes }) => attributes.MessageGroupId ?? "");
  const responses = await Promise.all(
    Array.from(groups.values(), async (records) =>
      processPartialResponse(
        { Records: records },
        handlerOfGroup(records),
        new SqsFifoPartialProcessorAsync(),
        { throwOnFullBatchFailure: false },
      ),
    ),
  );
  return { batchItemFailures: responses.flatMap(({ batchItemFailures }) => batchItemFailures) };
}

function report(logger: Logger, messageId: string, outcome: RecordOutcome): void {
  if (outcome.kind === "malformed") {
    logger.warn("a message that is not a frame of this source was parked", {
      messageId,
      problem: outcome.error.message,
    });
    return;
  }
  if (outcome.kind === "with-predecessor") return;
  if (outcome.kind === "repeat") {
    logger.debug("a frame was dropped because it was delivered already", {
      messageId,
      lane: outcome.lane.lane,
    });
    return;
  }
  const { lane, unattributed, parked, faults } = outcome;
  const { delivered } = lane;
  logger.debug("frames were delivered", { lane: lane.lane, frames: outcome.delivered, delivered });
  if (unattributed > 0) logger.warn("changes without a known author were parked", { unattributed });
  for (const fault of faults) {
    logger.error("changes were parked because the router's code failed on them", { ...fault });
  }
  if (parked.size > 0) {
    logger.warn("messages were parked", { changesByQueue: Object.fromEntries(parked) });
  }
}
