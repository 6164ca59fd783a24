import type { Logger } from "@aws-lambda-powertools/logger";
import type { Context } from "aws-lambda";
import { RETRY_METRICS, ROUTE_METRICS } from "../../wire/metrics.ts";
import type { RetryItems } from "../failures/retry-items.ts";
import { streamText, type Stream } from "../failures/stream.ts";
import { settleAll } from "../ground/concurrency.ts";
import { describeFault } from "../ground/describe-fault.ts";
import type { MetricSink } from "../ground/metrics.ts";
import { isOutage } from "../ground/outage.ts";
import type { QueueEnvironment } from "../routing/queue-environment.ts";
import { drain, type Backoff, type Drained } from "./drain.ts";
import { sortDue } from "./due-streams.ts";
import { redeliver, type RedeliverOptions } from "./redeliver.ts";
import { askingSilentOnce } from "./silent-queues.ts";
import { FairTurns } from "./fair-turns.ts";
import { attemptKnown, attemptUnknown, lookUpThreads } from "./unknown-threads.ts";

/** The dependencies of the retry function. */
export interface RetryRuntime extends RedeliverOptions {
  readonly items: RetryItems;
  readonly backoff: Backoff;
  /** For connections whose author is unknown. */
  readonly unknownBackoff: Backoff;
  /** Used to let environments take turns. */
  readonly queueEnvironment: QueueEnvironment;
}

export interface RetryHandlerOptions {
  readonly runtime: RetryRuntime;
  readonly logger: Logger;
  readonly metrics: MetricSink;
}

/** How long a queue's response may take, milliseconds. Here, streams do not wait for each other. */
export const RETRY_PATIENCE_MS = 10_000;

/**
 * The last part of an invocation, in which it begins nothing new, so that work in progress ends
 * before Lambda stops the function.
 */
const LAST_SECONDS_MS = 12_000;
/**
 * The numbers of streams that are worked on in parallel: of queues, of connections that have become
 * known, and of unknown connections.
 */
const AT_ONCE = { queues: 8, known: 8, unknown: 16 } as const;
/** The maximum number of connections in one invocation. */
const MOST_THREADS = 10_000;
/** After this time, a stream with more to deliver lets waiting streams have their turn. */
const TURN_MS = 5000;

/**
 * The retry function. An invocation delivers what is due, in order within each stream, until its
 * time is over. Environments take turns with their queues, and with the connections whose authors
 * have become known. Connections are handled in parallel and do not delay queues.
 */
export function retryHandler({ runtime, logger, metrics }: RetryHandlerOptions) {
  const { items, backoff, unknownBackoff, effects, queueEnvironment, rules, now } = runtime;

  /** Streams of the same group share its turns (see `FairTurns`). */
  function groupOf({ kind, name }: Stream): string {
    return kind === "queue" ? `${kind}/${queueEnvironment(name) ?? name}` : kind;
  }

  /**
   * Logs an error. The message of a bug's exception is left out, because it may contain row data.
   */
  function reportFailure(stream: Stream, error: unknown): void {
    const name = { stream: streamText(stream) };
    if (isOutage(error)) {
      logger.error("work on a stream ended with an error; a later invocation continues", {
        ...name,
        error: error as Error,
      });
      return;
    }
    metrics.count(ROUTE_METRICS.changesFaulty, 1);
    logger.error("the router's code failed on a stream", { ...name, fault: describeFault(error) });
  }

  /** Logs a stream that cannot be read. It stays due, so each invocation logs it again. */
  function passOver(name: string): void {
    metrics.count(ROUTE_METRICS.changesFaulty, 1);
    logger.error("a stream's name cannot be read; the stream waits for an operator", {
      stream: name,
    });
  }

  return async (
    _event: unknown,
    context: Pick<Context, "getRemainingTimeInMillis">,
  ): Promise<void> => {
    const claimMs = context.getRemainingTimeInMillis();
    const signal = AbortSignal.timeout(Math.max(0, claimMs - LAST_SECONDS_MS));
    const common = { items, claimMs, now, random: Math.random };
    const sender = askingSilentOnce(effects.sender);
    const deliverRecord = redeliver({ ...runtime, effects: { ...effects, sender } });
    let recovered = 0;

    /** Counts a record's first fault. */
    const deliver: typeof deliverRecord = async (record, progress) => {
      const outcome = await deliverRecord(record, progress);
      const isFault = outcome.kind === "failed" && outcome.trouble.reason === "fault";
      if (isFault && record.trouble.reason !== "fault") {
        metrics.count(ROUTE_METRICS.changesFaulty, record.count);
      }
      return outcome;
    };

    /**
     * Calls `act` for each stream while there is time. A stream has another turn if `act` returns
     * "again". An error of one stream is logged and does not affect the others.
     */
    async function each(
      streams: readonly Stream[],
      atOnce: number,
      act: (stream: Stream) => Promise<"again" | "left">,
      group = groupOf,
    ): Promise<void> {
      const turns = new FairTurns(streams, group);
      const work = async (): Promise<void> => {
        while (!signal.aborted) {
          const turn = turns.next();
          if (turn === undefined) return;
          const beganAt = performance.now();
          let goesOn = false;
          try {
            goesOn = (await act(turn.stream)) === "again";
          } catch (error) {
            reportFailure(turn.stream, error);
          }
          turn.end(performance.now() - beganAt, goesOn);
        }
      };
      await Promise.all(Array.from({ length: atOnce }, work));
    }

    const attemptAs = (how: typeof drain) => async (stream: Stream) => {
      const pauses = stream.kind === "thread" ? unknownBackoff : backoff;
      const options = { ...common, deliver, backoff: pauses, turnMs: TURN_MS };
      const drained = await how(stream, options, signal);
      recovered += drained.records;
      // Not reported, because thousands of connections may stay unknown.
      const isStillUnknown = stream.kind === "thread" && drained.kind === "postponed";
      if (!isStillUnknown || drained.records > 0) report(logger, stream, drained);
      return drained.kind === "unfinished" ? "again" : "left";
    };

    async function retryThreads(threads: readonly Stream[]): Promise<void> {
      const { known, unknown } = await lookUpThreads(
        threads,
        (lane, connections) => effects.lookUp(lane, connections),
        rules.environmentOf,
      );
      const environmentOf = (stream: Stream): string => known.get(stream) ?? "";
      await Promise.all([
        each([...known.keys()], AT_ONCE.known, attemptAs(attemptKnown), environmentOf),
        each(unknown, AT_ONCE.unknown, attemptAs(attemptUnknown)),
      ]);
    }

    try {
      const { queues, threads, unreadable } = await sortDue(items.due(), MOST_THREADS);
      for (const name of unreadable) passOver(name);
      await settleAll([each(queues, AT_ONCE.queues, attemptAs(drain)), retryThreads(threads)]);
    } finally {
      const [pending, dead] = await Promise.all([items.count("open"), items.count("dead")]);
      metrics.count(RETRY_METRICS.pending, pending);
      metrics.count(RETRY_METRICS.dead, dead);
      metrics.count(RETRY_METRICS.recovered, recovered);
      metrics.publish();
    }
  };
}

function report(logger: Logger, stream: Stream, { kind, records }: Drained): void {
  const name = { stream: streamText(stream) };
  switch (kind) {
    case "dead":
      return logger.error("a stream's first record was given up; an operator has to act", name);
    case "closed":
      return logger.info("all records of a stream were delivered", { ...name, records });
    case "postponed":
    case "unfinished":
      return logger.info("a later invocation continues a stream", { ...name, kind, records });
    case "not-due":
      return undefined;
    default:
      return kind satisfies never;
  }
}
