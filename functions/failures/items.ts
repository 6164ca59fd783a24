import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import {
  bytes,
  number,
  numberOf,
  text,
  textOf,
  textsOf,
  type Item,
} from "../../wire/attributes.ts";
import { epochOf } from "../../wire/position.ts";
import type { NamedPosition } from "./named-position.ts";
import type {
  Batch,
  ParkedRecord,
  Reason,
  RecordKey,
  RecordShare,
  StoredBody,
  StreamState,
  Trouble,
} from "./parked.ts";
import { parseStream, streamText, type Stream, type UnknownStream } from "./stream.ts";

/**
 * The failures table has the key `stream` and `position`. The position of a record is its key. The
 * position of a stream's state item is `~state`, which sorts after all records. The index
 * `DUE_INDEX` (key `due`, `nextAttempt`; keys only) contains the state items of streams that are
 * not closed: partition `open`, sorted by the next attempt, and partition `dead`.
 */
export const STATE_POSITION = "~state";

/**
 * How long closed streams and finished records are kept for operators. It is longer than a frame
 * can wait in the raw queue (14 days).
 */
const KEPT_MS = 30 * 24 * 60 * 60 * 1000;

export function stateKey(stream: Stream | UnknownStream) {
  return { stream: text(streamText(stream)), position: text(STATE_POSITION) };
}

export function recordItemKey(stream: Stream | UnknownStream, key: RecordKey) {
  return { stream: text(streamText(stream)), position: text(key) };
}

/** The TTL attribute's value for an item that is finished now, seconds since 1970. */
export function expiresAt(nowMs: number): number {
  return Math.ceil((nowMs + KEPT_MS) / 1000);
}

/** The attribute `tailLife`: the epoch and the life of the tail at the time of writing. */
export function tailLifeText({ position, life }: NamedPosition): string | null {
  return life === null ? null : `${epochOf(position)}/${life}`;
}

/**
 * The tail in a stream's state item. An earlier release moves the tail without updating `tailLife`,
 * which then contains the epoch of a former tail.
 */
export function tailIn(item: Item): NamedPosition {
  const position = textOf(item, "tail") ?? "";
  const named = textOf(item, "tailLife") ?? "";
  const prefix = `${epochOf(position)}/`;
  return { position, life: named.startsWith(prefix) ? named.slice(prefix.length) : null };
}

/** Decodes a stream's state item. Throws RangeError for another item. */
export function decodeState(item: Item): StreamState {
  return decodeStateOf(parseStream(textOf(item, "stream") ?? ""), item);
}

/** The same for a stream that the caller knows. */
export function decodeStateOf<Named>(stream: Named, item: Item): StreamState<Named> {
  const status = textOf(item, "status");
  const { position: tail, life } = tailIn(item);
  if (status !== "open" && status !== "dead" && status !== "closed") {
    throw new RangeError(`the state of a stream has an unknown status: ${String(status)}`);
  }
  return {
    stream,
    status,
    head: textOf(item, "head") ?? "",
    tail,
    life,
    drained: textOf(item, "drained") ?? "",
    attempts: numberOf(item, "attempts") ?? 0,
    begun: numberOf(item, "begun") ?? 0,
    nextAttemptAt: numberOf(item, "nextAttempt") ?? 0,
    isAsked: item["asked"]?.BOOL === true,
    openedAt: numberOf(item, "openedAt") ?? 0,
    lastFailureAt: numberOf(item, "lastFailureAt") ?? 0,
    trouble: troubleOf(item),
  };
}

export function encodeRecord(
  stream: Stream,
  key: RecordKey,
  { batch, trouble, body, now }: { batch: Batch; trouble: Trouble; body: StoredBody; now: number },
): Item {
  return {
    ...recordItemKey(stream, key),
    status: text("parked"),
    reason: text(trouble.reason),
    error: errorText(trouble),
    count: number(batch.count),
    bytes: number(Buffer.byteLength(batch.body)),
    parkedAt: number(now),
    ...(batch.share !== undefined && { share: text(batch.share) }),
    ...(body.kind === "inline" && { body: bytes(body.data) }),
    ...(body.kind === "object" && { bodyKey: text(body.key) }),
  };
}

/** Decodes what a record's item says about the share that it was made of. */
export function decodeRecordShare(item: Item): RecordShare {
  return { key: textOf(item, "position") ?? "", share: textOf(item, "share") ?? null };
}

export function decodeRecord(item: Item): ParkedRecord {
  return decodeRecordOf(parseStream(textOf(item, "stream") ?? ""), item);
}

/** The same for a record of a stream that the caller knows. */
export function decodeRecordOf<Named>(stream: Named, item: Item): ParkedRecord<Named> {
  return {
    stream,
    key: textOf(item, "position") ?? "",
    status: (textOf(item, "status") ?? "parked") as ParkedRecord["status"],
    trouble: troubleOf(item),
    count: numberOf(item, "count") ?? 0,
    parkedAt: numberOf(item, "parkedAt") ?? 0,
    attempts: numberOf(item, "attempts") ?? 0,
    lastFailureAt: numberOf(item, "lastFailureAt") ?? 0,
    nextAttemptAt: numberOf(item, "nextAttempt") ?? null,
    bytes: numberOf(item, "bytes") ?? 0,
    progress: numberOf(item, "progress") ?? 0,
    sent: textsOf(item, "sent"),
    body: bodyOf(item),
  };
}

/** The maximum number of characters of an error text that are stored. */
const ERROR_LENGTH = 500;

export function errorText({ error }: Trouble): AttributeValue {
  return text(error.slice(0, ERROR_LENGTH));
}

function troubleOf(item: Item): Trouble {
  return {
    reason: (textOf(item, "reason") ?? "behind") as Reason,
    error: textOf(item, "error") ?? "",
  };
}

function bodyOf(item: Item): StoredBody {
  const data = item["body"]?.B;
  if (data !== undefined) return { kind: "inline", data };
  const key = textOf(item, "bodyKey");
  return key === undefined ? { kind: "removed" } : { kind: "object", key };
}
