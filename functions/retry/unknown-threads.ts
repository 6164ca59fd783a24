import { connectionName, type SessionEntry } from "../../wire/session.ts";
import { connectionOfStream, type Stream } from "../failures/stream.ts";
import type { EnvironmentOf } from "../routing/environments.ts";
import type { LookUp } from "../sessions/look-up.ts";
import {
  type Backoff,
  drain,
  drainClaimed,
  isGivenUp,
  type Drained,
  type DrainOptions,
  NOT_DUE,
  pauseAfter,
} from "./drain.ts";
import { waitsForFirst } from "./first-stream.ts";

/**
 * When an unknown connection is looked up again: often within the first minutes, when the reader's
 * next sweep may identify it, later every one to two hours. After 21 attempts, about 18 hours, an
 * operator must act.
 */
export const UNKNOWN_BACKOFF: Backoff = {
  baseMs: 10_000,
  longestMs: 2 * 60 * 60_000,
  attempts: 21,
  leastMs: 12 * 60 * 60_000,
};

/** The maximum number of connections in one look-up. */
const TOGETHER = 500;

interface LookedUp {
  /** The streams whose connections have an entry in the sessions table, with `environmentIn`. */
  readonly known: ReadonlyMap<Stream, string | null>;
  readonly unknown: readonly Stream[];
}

/**
 * Splits streams of connections by whether the sessions table now has an entry for the connection.
 * It needs only a few requests for many connections.
 */
export async function lookUpThreads(
  streams: readonly Stream[],
  lookUp: LookUp,
  environmentOf: EnvironmentOf,
): Promise<LookedUp> {
  const known = new Map<Stream, string | null>();
  const unknown: Stream[] = [];
  for (const [lane, ofLane] of Map.groupBy(streams, (stream) => stream.lane)) {
    for (let i = 0; i < ofLane.length; i += TOGETHER) {
      const together = ofLane.slice(i, i + TOGETHER);
      const named = together.map((stream) => {
        const connection = connectionOfStream(stream);
        return { stream, connection, name: connectionName(connection) };
      });
      const connections = new Map(named.map(({ name, connection }) => [name, connection]));
      const found = await lookUp(lane, connections);
      for (const { stream, name } of named) {
        const entries = found.get(name)?.entries ?? [];
        if (entries.length === 0) unknown.push(stream);
        else known.set(stream, environmentIn(entries, environmentOf));
      }
    }
  }
  return { known, unknown };
}

/**
 * The first environment to which one of a connection's users belongs; null when there is none. Null
 * also after an exception of the router's code, which the delivery of the record then meets, too.
 */
function environmentIn(
  entries: readonly SessionEntry[],
  environmentOf: EnvironmentOf,
): string | null {
  try {
    for (const { tagged, user, host } of entries) {
      const account = tagged ?? { user, host };
      const environment = account.user === "" ? null : environmentOf(account.user, account.host);
      if (environment !== null) return environment;
    }
  } catch {
    return null;
  }
  return null;
}

/** Drains the stream of a connection that has become known. A stream that must wait stays due. */
export async function attemptKnown(
  stream: Stream,
  options: DrainOptions,
  signal: AbortSignal,
): Promise<Drained> {
  if (await waitsForFirst(stream, options.items)) return NOT_DUE;
  return await drain(stream, options, signal);
}

/**
 * Makes an attempt for a stream whose connection is unknown. If this is the only trouble of the
 * stream, its first record is not read, and two writes record the failed attempt. The record's
 * count of attempts stays unchanged; the stream's state has the attempts and the next time. The
 * record is read if an operator asked for the attempt, or if the stream has another trouble,
 * unless the stream has to wait (`waitsForFirst`).
 */
export async function attemptUnknown(
  stream: Stream,
  options: DrainOptions,
  signal: AbortSignal,
): Promise<Drained> {
  const { items, backoff, now, claimMs } = options;
  const claimed = await items.claim(stream, now(), now() + claimMs);
  if (claimed === null) return NOT_DUE;
  const isRead = claimed.isAsked || claimed.trouble.reason !== "unattributed";
  if (isRead && !(await waitsForFirst(stream, items)))
    return await drainClaimed(claimed, options, signal);
  const attempts = claimed.attempts + 1;
  const dead = isGivenUp(attempts, claimed, backoff, now());
  await items.postpone(claimed, {
    drained: claimed.drained,
    attempts,
    nextAttemptAt: now() + pauseAfter(attempts, backoff, options),
    dead,
    trouble: claimed.trouble,
  });
  return { kind: dead ? "dead" : "postponed", records: 0 };
}
