import { createHash } from "node:crypto";
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
 * Why a delivery failed: a reason, and the error's name and text (never row data).
 */
export interface Trouble {
  readonly reason: Reason;
  readonly error: string;
}

/** The part of a frame that is parked in one stream. */
export interface Batch {
  readonly first: PositionText;
  readonly last: PositionText;
  /** The name of the frame's life, if the frame contains it. */
  readonly life?: string;
  /**
   * A digest (`digestOf`) of the messages of a queue's whole share, sent or not, or of a
   * connection's changes. A repeat of the frame has another one if the configuration changed in
   * between, or if other authors are known. Absent: not known, as where the router failed to make
   * messages.
   */
  readonly share?: string;
  /** The positions that earlier releases give to the batch, if they differ. */
  readonly former?: { readonly first: PositionText; readonly last: PositionText };
  /** Number of changes. */
  readonly count: number;
  /** The content for the retry function. Its format depends on the kind of the stream. */
  readonly body: string;
  /** Why this batch is parked, if the reason differs from the stream's. */
  readonly trouble?: Trouble;
}

/**
 * A record's key in its stream: the first and the last position, and the name of the life if the
 * frame contains it. Keys sort by the first position.
 */
export type RecordKey = string;

export function recordKey({
  first,
  last,
  life,
}: Pick<Batch, "first" | "last" | "life">): RecordKey {
  return life === undefined ? `${first}/${last}` : `${first}/${last}/${life}`;
}

/** A digest of what a batch is made of, given as texts that tell its parts apart. */
export function digestOf(parts: Iterable<string>): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(`${part}\n`);
  return hash.digest("base64url").slice(0, 22);
}

/** A record's key, and the digest of the share that it was made of; null when not known. */
export interface RecordShare {
  readonly key: RecordKey;
  readonly share: string | null;
}

/**
 * The batch of a message of the raw queue that is not a frame of this source. Such a message has no
 * positions, so its record has the position "0".
 */
export function unreadableBatch(body: string): Batch {
  return { first: "0", last: "0", count: 0, body };
}

/**
 * A position behind another one and before the positions of all changes that follow. Positions of
 * changes end with a digit and are of one length.
 */
export function positionBehind(position: PositionText): PositionText {
  return `${position}r`;
}

/** The position that a text of `positionBehind` is behind; of another position, itself. */
export function positionBefore(position: PositionText): PositionText {
  return position.replace(/r+$/, "");
}

/** Whether a record has a position of `positionBehind`, which is not that of its changes. */
export function isBehind(key: RecordKey): boolean {
  return lastOf(key).endsWith("r");
}

/** The first position that a record covers. */
export function firstOf(key: RecordKey): PositionText {
  return key.split("/", 1)[0] ?? "";
}

/** The last position that a record covers. */
export function lastOf(key: RecordKey): PositionText {
  return key.split("/", 2)[1] ?? "";
}

/** The name of the life of a record's frame, if the frame contains it. */
export function lifeOf(key: RecordKey): string | undefined {
  return key.split("/", 3)[2];
}

/**
 * The state of a stream, one item. Everything up to `drained` is done. After it and up to `tail`,
 * all records exist, because route moves the tail only after it has written all records up to it. A
 * record beyond the tail is not part of the stream. If the stream closes first, it never becomes
 * part of it: its messages are sent directly, and it precedes `head` when the stream is opened
 * again.
 *
 *   closed → open    a delivery failed (route)
 *   open → closed    everything up to the tail is done (retry), only if the tail has not moved
 *   open → dead      the first record failed too often (retry)
 *   dead → open      an operator retries or discards the record, or attributes the connection
 *
 * When a stream that was closed at a position of a twin life (`isOfTwinLife`) is opened, its tail
 * may move back, and `drained` is reset.
 */
export interface StreamState<Named = Stream> {
  readonly stream: Named;
  readonly status: "open" | "dead" | "closed";
  /**
   * The position at which the first record begins since the stream was last opened; "" when records
   * arrive in any order.
   */
  readonly head: PositionText;
  readonly tail: PositionText;
  /** The name of the tail's life; null when unknown, as in items of earlier releases. */
  readonly life: string | null;
  /** The key of the last record that is done; "" before the first. */
  readonly drained: RecordKey;
  /** Number of failed attempts for the first record. */
  readonly attempts: number;
  /**
   * The number of retry invocations that have claimed the stream since the last one that ended
   * regularly. All but the latest of them were killed.
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

/** The positions with which a stream is opened. */
export interface Opening {
  /**
   * Records that begin before this position do not belong to the stream; null when records arrive
   * in any order.
   */
  readonly head: PositionText | null;
  readonly tail: NamedPosition;
  /** The tail of a twin life at which the stream was closed; null when there is no twin life. */
  readonly twin: PositionText | null;
}

/** The update with which retry leaves a stream that is not empty. */
export interface Postponement {
  readonly drained: RecordKey;
  readonly attempts: number;
  readonly nextAttemptAt: number;
  /** Whether the stream is given up until an operator acts. */
  readonly dead: boolean;
  readonly trouble: Trouble | null;
}

/** One failure record. */
export interface ParkedRecord<Named = Stream> {
  readonly stream: Named;
  readonly key: RecordKey;
  readonly status: "parked" | "resolved" | "discarded";
  readonly trouble: Trouble;
  readonly count: number;
  /** Milliseconds since 1970, like the times below; 0 for never. */
  readonly parkedAt: number;
  /** Number of failed attempts of retry; `trouble` is the last attempt's. */
  readonly attempts: number;
  readonly lastFailureAt: number;
  /**
   * The next attempt as planned at the last failure; null before the first failure, or when given
   * up. When an operator asks for an attempt, only the stream's `nextAttemptAt` changes.
   */
  readonly nextAttemptAt: number | null;
  /** The size of the body before compression, bytes. */
  readonly bytes: number;
  /**
   * How many of the body's messages (or changes, if it is a frame) are done, counted from its
   * beginning.
   */
  readonly progress: number;
  /**
   * Deduplication ids of messages beyond `progress` that were sent in an attempt that then failed
   * or ran out of time.
   */
  readonly sent: ReadonlySet<string>;
  readonly body: StoredBody;
}

/** A failed attempt to deliver a record. */
export interface FailedAttempt {
  readonly trouble: Trouble;
  /** Deduplication ids of the messages that were sent nevertheless. */
  readonly sent: ReadonlySet<string>;
  /** Null when the record is given up. */
  readonly nextAttemptAt: number | null;
}

/** Where a record's compressed body is stored. */
export type StoredBody =
  | { readonly kind: "inline"; readonly data: Uint8Array }
  | { readonly kind: "object"; readonly key: string }
  | { readonly kind: "removed" };
