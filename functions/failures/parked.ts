import type { PositionText } from "../../wire/position.ts";
import type { NamedPosition } from "./named-position.ts";
import type { Stream } from "./stream.ts";

/** Why something was parked. */
export type Reason =
  | "unattributed"
  | "queue-unavailable"
  | "access-denied"
  | "throttled"
  | "refused"
  | "too-large"
  | "body-unavailable"
  | "behind"
  | "malformed"
  | "fault"
  | "dead-letter";

/**
 * What stood in the way of a delivery: a reason, and the error's name and text (never row data).
 */
export interface Trouble {
  readonly reason: Reason;
  readonly error: string;
}

/** What is parked of one frame for one stream. */
export interface Batch {
  readonly first: PositionText;
  readonly last: PositionText;
  /** The name of the frame's life, where the frame names it. */
  readonly life?: string;
  /** Where earlier releases say that it begins and ends, if not there. */
  readonly former?: { readonly first: PositionText; readonly last: PositionText };
  /** How many changes. */
  readonly count: number;
  /** What the retry function delivers; its form depends on the kind of stream. */
  readonly body: string;
  /** Why this one is parked, where it has a reason of its own. */
  readonly trouble?: Trouble;
}

/**
 * A record's key in its stream: the first and the last position, and the name of the life where the
 * frame names it. Texts sort by the first position.
 */
export type RecordKey = string;

export function recordKey({
  first,
  last,
  life,
}: Pick<Batch, "first" | "last" | "life">): RecordKey {
  return life === undefined ? `${first}/${last}` : `${first}/${last}/${life}`;
}

/**
 * A message of the raw queue that is not a frame of this source: it has no positions, so its record
 * has this one.
 */
export function unreadableBatch(body: string): Batch {
  return { first: "0", last: "0", count: 0, body };
}

/** The last position that a record covers. */
export function lastOf(key: RecordKey): PositionText {
  return key.split("/", 2)[1] ?? "";
}

/**
 * The state of a stream, one item. Everything up to `drained` is done with. Everything beyond it
 * and up to `tail` has its record: route moves the tail only when all records up to there are
 * written, whatever their number and order. A record beyond the tail is not part of the stream. If
 * the stream closes first, it never becomes part of it: its messages are sent directly, and it lies
 * before `head` when the stream is opened the next time.
 *
 *   closed → open    a delivery failed (route)
 *   open → closed    everything up to the tail is done with (retry), only while the tail stands still
 *   open → dead      the first record failed too often (retry)
 *   dead → open      an operator asks for another try, discards the record or answers for a connection
 *
 * A stream that was closed at a position of a twin life (`isOfTwinLife`) is opened anew: its tail
 * may move back then, and nothing of the new one counts as done with.
 */
export interface StreamState {
  readonly stream: Stream;
  readonly status: "open" | "dead" | "closed";
  /**
   * Where the first record begins since the stream was opened last; "" when records come in any
   * order.
   */
  readonly head: PositionText;
  readonly tail: PositionText;
  /** The name of the tail's life; null: not known, as in items of earlier releases. */
  readonly life: string | null;
  /** The key of the last record that is done with; "" before the first. */
  readonly drained: RecordKey;
  /** Failed attempts for the first record. */
  readonly attempts: number;
  /**
   * Invocations of retry that have claimed the stream since one left it in order; more than one:
   * the others were killed.
   */
  readonly begun: number;
  /** Milliseconds since 1970. */
  readonly nextAttemptAt: number;
  /** Whether an operator has asked for the next attempt. */
  readonly isAsked: boolean;
  readonly openedAt: number;
  readonly lastFailureAt: number;
  readonly trouble: Trouble;
}

/** Where a stream begins and ends when it is opened. */
export interface Opening {
  /**
   * Records that begin before this position do not belong to the stream. null: records come in any
   * order.
   */
  readonly head: PositionText | null;
  readonly tail: NamedPosition;
  /** The tail, of a twin life, at which the stream was closed; null: it was not closed at such. */
  readonly twin: PositionText | null;
}

/** How retry leaves a stream that it has not emptied. */
export interface Postponement {
  readonly drained: RecordKey;
  readonly attempts: number;
  readonly nextAttemptAt: number;
  /** Given up: to be tried again only when an operator says so. */
  readonly dead: boolean;
  readonly trouble: Trouble | null;
}

/** One failure record. */
export interface ParkedRecord {
  readonly stream: Stream;
  readonly key: RecordKey;
  readonly status: "parked" | "resolved" | "discarded";
  readonly trouble: Trouble;
  readonly count: number;
  /** Milliseconds since 1970, as the times below; 0: never yet. */
  readonly parkedAt: number;
  /** How often its delivery was attempted from here and failed; `trouble` is of the last time. */
  readonly attempts: number;
  readonly lastFailureAt: number;
  /**
   * As planned then; null: never yet, or given up. When an operator asks for another try, only the
   * stream's is moved.
   */
  readonly nextAttemptAt: number | null;
  /** Bytes of the body before compression. */
  readonly bytes: number;
  /**
   * How many of the body's messages, or changes where it is a frame, are done with; counted from
   * its beginning.
   */
  readonly progress: number;
  /**
   * Deduplication ids of messages beyond `progress` that went through in an attempt that then
   * failed or ran out of time.
   */
  readonly sent: ReadonlySet<string>;
  readonly body: StoredBody;
}

/** An attempt at a record that did not succeed. */
export interface FailedAttempt {
  readonly trouble: Trouble;
  /** Deduplication ids of messages that went through all the same. */
  readonly sent: ReadonlySet<string>;
  /** Null: given up. */
  readonly nextAttemptAt: number | null;
}

/** Where a record's compressed body is. */
export type StoredBody =
  | { readonly kind: "inline"; readonly data: Uint8Array }
  | { readonly kind: "object"; readonly key: string }
  | { readonly kind: "removed" };
