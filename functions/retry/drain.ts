import { backoffMs } from "../../wire/backoff.ts";
import { lastOf, type ParkedRecord, type StreamState, type Trouble } from "../failures/parked.ts";
import type { DrainItems } from "../failures/retry-items.ts";
import type { Stream } from "../failures/stream.ts";
import { describeFault } from "../ground/describe-fault.ts";
import { isOutage } from "../ground/outage.ts";
import type { AttemptProgress, Redelivery } from "./redelivery.ts";
import { Resolutions } from "./resolutions.ts";

/**
 * When a stream whose first record could not be delivered is tried again. All times in
 * milliseconds.
 */
export interface Backoff {
  /** After the first failure; it doubles with each further one. */
  readonly baseMs: number;
  readonly longestMs: number;
  /** Failed attempts after which the record is given up until an operator acts. */
  readonly attempts: number;
  /**
   * It is not given up before this time has passed since the stream was opened, milliseconds: a
   * release with shorter pauses may have counted more attempts. Left out: none.
   */
  readonly leastMs?: number;
}

/**
 * 10 s, 20 s, 40 s, … 15 min, each at the next invocation of the retry function: a hundred attempts
 * take about 18 hours.
 */
export const BACKOFF: Backoff = { baseMs: 10_000, longestMs: 15 * 60_000, attempts: 100 };

/** Whether a stream's first record is given up after this many failed attempts. */
export function isGivenUp(
  attempts: number,
  { openedAt }: Pick<StreamState, "openedAt">,
  backoff: Backoff,
  nowMs: number,
): boolean {
  return attempts >= backoff.attempts && nowMs - openedAt >= (backoff.leastMs ?? 0);
}

/** How long a stream rests after this many failed attempts in a row, milliseconds. */
export function pauseAfter(
  attempts: number,
  { baseMs, longestMs }: Backoff,
  options: { readonly random: () => number },
): number {
  return Math.round(backoffMs(attempts - 1, baseMs, longestMs, options));
}

export interface DrainOptions {
  readonly items: DrainItems;
  /** Delivers what is left of a record. Throws what `isOutage` says. */
  readonly deliver: (record: ParkedRecord, progress: AttemptProgress) => Promise<Redelivery>;
  readonly backoff: Backoff;
  /**
   * How long nobody else takes a stream that was claimed, milliseconds; longer than an invocation.
   */
  readonly claimMs: number;
  readonly now: () => number;
  readonly random: () => number;
  /**
   * How long a stream may go on before others have had their turn, milliseconds. Left out: as long
   * as there is time.
   */
  readonly turnMs?: number;
}

/** How a stream was left. `records`: how many were delivered. */
export interface Drained {
  readonly kind: "closed" | "postponed" | "dead" | "unfinished" | "not-due";
  readonly records: number;
}

/** Deduplication ids that a record has room for beside its body. */
const NOTED_PER_RECORD = 1000;

/**
 * Why an attempt fails that ran out of time with more messages through than the record can note.
 */
const TOO_SLOW: Trouble = {
  reason: "queue-unavailable",
  error: "the queues answer too slowly: the invocation's time ended within 500 changes",
};

/** Why a record is given up when no attempt at it comes to its end. */
const KILLED: Trouble = {
  reason: "fault",
  error: "each attempt ended with the retry function itself: out of time or memory, or a crash",
};

/**
 * Delivers a stream's records in order until nothing is left and the stream is closed, one of them
 * fails, or `signal` says that the invocation's time is over.
 *
 * Only records up to the tail as it was read before them are taken. Route moves the tail when all
 * records up to there are written, so none of them can still be on its way; records beyond the tail
 * do not belong to the stream yet.
 *
 * Throws what `deliver` and the table throw. An outage is no attempt; any other exception counts as
 * a failed one, so that the stream is given up at last.
 */
export async function drain(
  stream: Stream,
  options: DrainOptions,
  signal: AbortSignal,
): Promise<Drained> {
  const { items, now, claimMs } = options;
  const claimed = await items.claim(stream, now(), now() + claimMs);
  return claimed === null ? NOT_DUE : await drainClaimed(claimed, options, signal);
}

export const NOT_DUE: Drained = { kind: "not-due", records: 0 };

/** The same of a stream that this invocation has claimed. */
export async function drainClaimed(
  claimed: StreamState,
  options: DrainOptions,
  signal: AbortSignal,
): Promise<Drained> {
  const { items, now, backoff } = options;
  const { stream } = claimed;
  const turnEndsMs = performance.now() + (options.turnMs ?? Infinity);
  const { head } = claimed;
  let { drained, tail, life } = claimed;
  // An invocation that was killed has not said how its attempt ended: it counts as a failed one.
  let attempts = claimed.attempts + Math.max(0, claimed.begun - 1);
  let records = 0;
  const resolutions = new Resolutions((record) => items.resolve(record));
  let isNotedAsAdvanced = claimed.attempts === 0 && claimed.begun <= 1;
  const isTurnOver = () => signal.aborted || performance.now() > turnEndsMs;
  const leave = async (
    kind: Drained["kind"],
    afterMs: number,
    trouble: Trouble | null = null,
  ): Promise<Drained> => {
    await settle();
    const next = {
      drained,
      attempts,
      nextAttemptAt: now() + afterMs,
      dead: kind === "dead",
      trouble,
    };
    await items.postpone(claimed, next);
    return { kind, records };
  };

  /** What could not be marked as resolved is not done with. */
  async function settle(): Promise<void> {
    const failure = await resolutions.settle();
    if (failure === null) return;
    drained = failure.before;
    throw failure.error;
  }

  /**
   * The stream has come further than any invocation before: from here on, one that is killed counts
   * anew.
   */
  async function advanced(): Promise<void> {
    attempts = 0;
    if (isNotedAsAdvanced) return;
    await settle();
    await items.advance(claimed, drained);
    isNotedAsAdvanced = true;
  }

  /** Delivers a record; null when it is done with, else how the stream was left at it. */
  async function deliverRecord(record: ParkedRecord): Promise<Drained | null> {
    let present = record;
    let isReplaced = false;
    const outcome = await options.deliver(record, {
      isOver: () => signal.aborted,
      isTurnOver: () => isReplaced || isTurnOver(),
      reached: async (progress) => {
        present = { ...present, progress, sent: new Set() };
        isReplaced = !(await items.noteProgress(present));
        await advanced();
      },
    });
    switch (outcome.kind) {
      case "delivered":
        if (resolutions.isFull) await settle();
        resolutions.begin(record, drained);
        return null;
      case "failed":
        return await leaveAt(present, outcome);
      case "unfinished":
        if (outcome.sent.size > 0) {
          const sent = new Set([...present.sent, ...outcome.sent]);
          // What cannot be noted would be sent again by each invocation: this is a failed attempt.
          if (sent.size > NOTED_PER_RECORD)
            return await leaveAt(present, { trouble: TOO_SLOW, sent: outcome.sent });
          await items.noteProgress({ ...present, sent });
          await advanced();
        }
        return await leave("unfinished", 0);
      default:
        return outcome satisfies never;
    }
  }

  async function leaveAt(
    record: ParkedRecord,
    { trouble, sent }: Pick<Extract<Redelivery, { kind: "failed" }>, "trouble" | "sent">,
  ): Promise<Drained> {
    attempts++;
    const dead = isGivenUp(attempts, claimed, backoff, now());
    const pause = pauseAfter(attempts, backoff, options);
    await items.noteFailure(record, {
      trouble,
      // What is not noted is sent again: SQS or the subscriber recognises it.
      sent: new Set([...sent].slice(0, Math.max(0, NOTED_PER_RECORD - record.sent.size))),
      nextAttemptAt: dead ? null : now() + pause,
    });
    return await leave(dead ? "dead" : "postponed", pause, trouble);
  }

  /** After an exception of our own code, outside of the delivery of a record. */
  async function leaveFaulty(error: unknown): Promise<Drained> {
    attempts++;
    const dead = isGivenUp(attempts, claimed, backoff, now());
    const trouble: Trouble = { reason: "fault", error: describeFault(error) };
    return await leave(
      dead ? "dead" : "postponed",
      pauseAfter(attempts, backoff, options),
      trouble,
    );
  }

  async function deliverAll(): Promise<Drained> {
    for (;;) {
      const page = await items.next(stream, drained, tail);
      for (const record of page) {
        if (isTurnOver()) return await leave("unfinished", 0);
        if (record.status === "parked" && record.key < head) {
          // Left by a route function that was killed; its messages were sent directly before the
          // stream was opened.
          await items.resolve(record);
        } else if (record.status === "parked") {
          const killed = claimed.begun - 1;
          if (records === 0 && killed > 0) {
            // What such an invocation has delivered before it was killed is behind.
            if (drained !== claimed.drained) await advanced();
            else if (isGivenUp(attempts, claimed, backoff, now())) {
              attempts--;
              return await leaveAt(record, { trouble: KILLED, sent: new Set() });
            }
          }
          const left = await deliverRecord(record);
          if (left !== null) return left;
          records++;
        }
        drained = record.key;
        attempts = 0;
      }

      await settle();
      if (lastOf(drained) >= tail && (await items.close({ stream, life }, drained))) {
        return { kind: "closed", records };
      }
      const state = await items.read(stream);
      if (state?.status !== "open") return { kind: "postponed", records };
      if (page.length === 0 && state.tail === tail) {
        // The tail's record is missing, as it may be for a moment where an older version of route
        // is still at work.
        return await leave("postponed", backoff.baseMs);
      }
      ({ tail, life } = state);
    }
  }

  try {
    return await deliverAll();
  } catch (error) {
    // The claim is given up, so that the next invocation need not wait for its end; if that fails
    // too, it just waits.
    await settle().catch(() => undefined);
    await (isOutage(error) ? leave("postponed", backoff.baseMs) : leaveFaulty(error)).catch(
      () => undefined,
    );
    throw error;
  }
}
