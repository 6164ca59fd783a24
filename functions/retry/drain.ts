import { backoffMs } from "../../wire/backoff.ts";
import { lastOf, type ParkedRecord, type StreamState, type Trouble } from "../failures/parked.ts";
import type { DrainItems } from "../failures/retry-items.ts";
import type { Stream } from "../failures/stream.ts";
import { describeFault } from "../ground/describe-fault.ts";
import { isOutage } from "../ground/outage.ts";
import { doneAtTail } from "./done-at-tail.ts";
import type { AttemptProgress, Redelivery } from "./redelivery.ts";
import { Resolutions } from "./resolutions.ts";

/**
 * When a stream whose first record could not be delivered is tried again. All times are in
 * milliseconds.
 */
export interface Backoff {
  /** The pause after the first failure. It doubles with each further failure. */
  readonly baseMs: number;
  readonly longestMs: number;
  /** After this many failed attempts, the record is given up until an operator acts. */
  readonly attempts: number;
  /**
   * The minimum time from the opening of the stream until a record is given up; when omitted, none.
   * It is needed because a release with shorter pauses may have counted more attempts.
   */
  readonly leastMs?: number;
}

/**
 * Pauses of 10 s, 20 s, 40 s, … 15 min, each extended to the next invocation of the retry function.
 * A hundred attempts take about 18 hours.
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

/** The pause of a stream after this many consecutive failed attempts, milliseconds. */
export function pauseAfter(
  attempts: number,
  { baseMs, longestMs }: Backoff,
  options: { readonly random: () => number },
): number {
  return Math.round(backoffMs(attempts - 1, baseMs, longestMs, options));
}

export interface DrainOptions {
  readonly items: DrainItems;
  /** Delivers the rest of a record. Throws only outages (see `isOutage`). */
  readonly deliver: (record: ParkedRecord, progress: AttemptProgress) => Promise<Redelivery>;
  readonly backoff: Backoff;
  /**
   * How long a claim keeps other invocations from taking the stream, milliseconds. It must be at
   * least the duration of an invocation.
   */
  readonly claimMs: number;
  readonly now: () => number;
  readonly random: () => number;
  /**
   * How long a stream may be worked on before it lets other streams have their turn, milliseconds;
   * when omitted, until the invocation's time is over.
   */
  readonly turnMs?: number;
}

/** How work on a stream ended. `records` is the number of delivered records. */
export interface Drained {
  readonly kind: "closed" | "postponed" | "dead" | "unfinished" | "not-due";
  readonly records: number;
}

/** The number of deduplication ids that fit into a record's item in addition to its body. */
const NOTED_PER_RECORD = 1000;

/**
 * The trouble of an attempt that ran out of time after sending more messages than the record can
 * store.
 */
const TOO_SLOW: Trouble = {
  reason: "queue-unavailable",
  error:
    "the queues respond too slowly: the invocation's time ended with more messages sent than the record can note",
};

/** The trouble of a record that is given up because every attempt at it was killed. */
const KILLED: Trouble = {
  reason: "fault",
  error: "the retry function ran out of time or memory, or crashed, in each attempt",
};

/**
 * Delivers a stream's records in order, until the stream is empty and closed, a record fails, or
 * `signal` is aborted because the invocation's time is over.
 *
 * The tail is read first, and only records up to it are delivered. Route moves the tail after all
 * records up to it are written, so none of them can be missing. Records beyond the tail do not
 * belong to the stream yet.
 *
 * Throws the errors of `deliver` and of the table. An outage does not count as an attempt. Any
 * other exception counts as a failed attempt, so that the stream is eventually given up.
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

/** The same for a stream that this invocation has claimed already. */
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
  // The result of an attempt is unknown if its invocation was killed. It counts as failed.
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

  /** Waits for the pending resolutions. If one failed, sets `drained` back before it and throws. */
  async function settle(): Promise<void> {
    const failure = await resolutions.settle();
    if (failure === null) return;
    drained = failure.before;
    throw failure.error;
  }

  /**
   * Records that the stream has advanced in this invocation, so that attempts and killed
   * invocations are counted anew.
   */
  async function advanced(): Promise<void> {
    attempts = 0;
    if (isNotedAsAdvanced) return;
    await settle();
    await items.advance(claimed, drained);
    isNotedAsAdvanced = true;
  }

  /** Delivers a record. Null when it is done; otherwise how work on the stream ended. */
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
          // Each invocation would send again the messages that cannot be noted, so the attempt
          // fails.
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
      // Messages that are not noted are sent again. SQS or the subscriber recognises them.
      sent: new Set([...sent].slice(0, Math.max(0, NOTED_PER_RECORD - record.sent.size))),
      nextAttemptAt: dead ? null : now() + pause,
    });
    return await leave(dead ? "dead" : "postponed", pause, trouble);
  }

  /** Ends work after a bug's exception outside of the delivery of a record. */
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
    let after = drained;
    for (;;) {
      const page = await items.next(stream, after, tail);
      for (const record of page) {
        if (isTurnOver()) return await leave("unfinished", 0);
        if (record.status === "parked" && record.key < head) {
          // A killed route function left this record. Its messages were sent directly before the
          // stream was opened.
          await items.resolve(record);
        } else if (record.status === "parked") {
          const killed = claimed.begun - 1;
          if (records === 0 && killed > 0) {
            // Records that the killed invocation delivered have been passed already.
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
        after = record.key;
        // A record within another one was left by a killed route function, before its frame came
        // again with more changes for the queue. `drained` keeps the end of the other one.
        if (lastOf(after) >= lastOf(drained)) drained = after;
        attempts = 0;
      }

      await settle();
      if (lastOf(drained) >= tail && (await items.close({ stream, life }, drained))) {
        return { kind: "closed", records };
      }
      const state = await items.read(stream);
      if (state?.status !== "open") return { kind: "postponed", records };
      if (page.length === 0 && state.tail === tail) {
        const end = lastOf(drained) < tail ? await doneAtTail(items, state) : null;
        // The tail's record is missing. This can happen for a moment while an older version of the
        // route function is running.
        if (end === null) return await leave("postponed", backoff.baseMs);
        drained = end;
      }
      ({ tail, life } = state);
    }
  }

  try {
    return await deliverAll();
  } catch (error) {
    // Release the claim, so that the next invocation need not wait until it expires. If this fails
    // too, the next invocation waits.
    await settle().catch(() => undefined);
    await (isOutage(error) ? leave("postponed", backoff.baseMs) : leaveFaulty(error)).catch(
      () => undefined,
    );
    throw error;
  }
}
