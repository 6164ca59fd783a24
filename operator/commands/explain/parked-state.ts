import { payloadBucket } from "../../../functions/aws/payload-bucket.ts";
import { readBatchBody } from "../../../functions/delivery/message-batch.ts";
import { bodyStore } from "../../../functions/failures/body-store.ts";
import { readState } from "../../../functions/failures/route-items.ts";
import { type Stream, streamText } from "../../../functions/failures/stream.ts";
import { readFrame } from "../../../functions/frame/read-frame.ts";
import { BodyUnavailableError } from "../../../functions/ground/errors.ts";
import { keptPositions } from "../../../functions/message/kept-changes.ts";
import { MalformedFrameError } from "../../../wire/decode-frame.ts";
import { decodeMessage } from "../../../wire/message.ts";
import type { PositionText } from "../../../wire/position.ts";
import type { Target } from "../../shared/target.ts";
import type { NearRecord, NearRecords } from "./record-at.ts";

/** The state of a change in the failures table. */
export type ParkedState =
  | {
      readonly kind: "parked";
      readonly stream: string;
      readonly reason: string;
      readonly error: string;
      /** With the reason `behind`: why the records before it in its stream are parked. */
      readonly behind?: string;
      readonly sinceMs: number;
    }
  | { readonly kind: "discarded"; readonly stream: string }
  /** A record whose content is lost or sealed may have the change; otherwise it was delivered. */
  | { readonly kind: "uncertain"; readonly stream: string };

/** The id and the position by which a queue's records identify a change. */
export interface ParkedChange {
  readonly id: string;
  readonly position: PositionText;
  /** The name of its source. */
  readonly source: string;
  /**
   * Whether the stream may be of another lane than the change. A record then has changes of its own
   * lane, also where the position lies between its first and its last one.
   */
  readonly mayBeOfOtherLane: boolean;
}

/** Where failure records are looked up. */
export interface FailureRecords {
  readonly target: Target;
  readonly records: NearRecords;
}

/** Looks for a change in a stream's unresolved records. Null when no such record contains it. */
export async function parkedState(
  { target, records }: FailureRecords,
  stream: Stream,
  change: ParkedChange,
): Promise<ParkedState | null> {
  const name = streamText(stream);
  let other: ParkedState | null = null;
  for (const near of await records.at(stream, change.position)) {
    const isHeld = await holds(target, near, change);
    if (isHeld === false) continue;
    const { record } = near;
    if (isHeld === null) {
      other ??= { kind: "uncertain", stream: name };
      continue;
    }
    // A repeat of the frame may have parked it in another record, which will be delivered.
    if (record.status === "discarded") {
      other = { kind: "discarded", stream: name };
      continue;
    }
    const { reason, error } = record.trouble;
    const behind =
      reason === "behind"
        ? (await readState(target.dynamodb, target.failuresTable, stream))?.trouble.reason
        : undefined;
    return {
      kind: "parked",
      stream: name,
      reason,
      error,
      ...(behind !== undefined && { behind }),
      sinceMs: record.parkedAt,
    };
  }
  return other;
}

/**
 * Whether a record has the change and retry has not sent it yet. Null when that is not known: the
 * record's content is lost and its item does not name its positions, or it is sealed and a part of
 * it was sent; or, where it may be of another lane, its content is lost or sealed.
 */
async function holds(
  target: Target,
  { record, covers }: NearRecord,
  change: ParkedChange,
): Promise<boolean | null> {
  const { stream, body, progress } = record;
  if (body.kind === "removed") return false;
  // A connection's record has all its changes between two positions.
  if (stream.kind === "thread" && covers && progress === 0 && !change.mayBeOfOtherLane) return true;
  try {
    const text = await bodyStore(payloadBucket(target.s3, target.payloadBucket)).load(body);
    return stream.kind === "queue"
      ? isInShare(text, { record, covers }, change)
      : isAmong(positionsIn(text, change.source), progress, change);
  } catch (error) {
    // The content is lost, so the change may be in it. The record waits for an operator.
    if (error instanceof BodyUnavailableError || error instanceof MalformedFrameError)
      return covers && !change.mayBeOfOtherLane ? true : null;
    throw error;
  }
}

/**
 * Whether a queue's record has the change; null when it is sealed, and a part of it was sent or it
 * may be of another lane. Throws MalformedFrameError.
 */
function isInShare(
  text: string,
  { record: { progress, sent }, covers }: NearRecord,
  { id, position, source, mayBeOfOtherLane }: ParkedChange,
): boolean | null {
  const batch = readBatchBody(text);
  if (batch.kind === "fault") {
    const positions = keptPositions(batch, source);
    if (positions !== null) return isAmong(positions, progress, { position });
    return covers && (progress > 0 || mayBeOfOtherLane) ? null : covers;
  }
  return batch.messages
    .slice(progress)
    .some(
      (message) =>
        !sent.has(message.deduplicationId) &&
        message.first <= position &&
        position <= message.last &&
        (message.first === message.last || hasChange(String(message.body), id)),
    );
}

function positionsIn(frame: string, source: string): readonly PositionText[] {
  return readFrame(frame, source).changes.map(({ position }) => position);
}

/** Whether a change is among those that are left when the first ones are done. */
function isAmong(
  positions: readonly PositionText[],
  done: number,
  { position }: Pick<ParkedChange, "position">,
): boolean {
  return positions.includes(position, done);
}
/** Whether a message of several changes has the change or a half of it. */
function hasChange(body: string, id: string): boolean {
  const { changes } = decodeMessage(body);
  return changes.some((change) => change.id === id || change.id.startsWith(`${id}/`));
}
