import { payloadBucket } from "../../../functions/aws/payload-bucket.ts";
import { readBatchBody } from "../../../functions/delivery/message-batch.ts";
import { bodyStore } from "../../../functions/failures/body-store.ts";
import { isBehind, type ParkedRecord } from "../../../functions/failures/parked.ts";
import { readState } from "../../../functions/failures/route-items.ts";
import { type Stream, streamText } from "../../../functions/failures/stream.ts";
import { BodyUnavailableError } from "../../../functions/ground/errors.ts";
import { decodeFrame } from "../../../wire/decode-frame.ts";
import { decodeMessage } from "../../../wire/message.ts";
import type { PositionText } from "../../../wire/position.ts";
import type { Target } from "../../shared/target.ts";
import { recordsAt } from "./record-at.ts";

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
  | { readonly kind: "discarded"; readonly stream: string };

/** The id and the position by which a queue's records identify a change. */
export interface ParkedChange {
  readonly id: string;
  readonly position: PositionText;
}

/** Looks for a change in a stream's unresolved records. Null when no such record contains it. */
export async function parkedState(
  target: Target,
  stream: Stream,
  change: ParkedChange,
): Promise<ParkedState | null> {
  for (const record of await recordsAt(target, stream, change.position)) {
    if (record.status === "resolved") continue;
    if (!(await holds(target, record, change))) continue;
    const name = streamText(stream);
    if (record.status === "discarded") return { kind: "discarded", stream: name };
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
  return null;
}

/**
 * Whether a record contains the change: a queue's, in a message that was not sent. The positions
 * tell it of a connection's record, if they are those of its changes.
 */
async function holds(
  target: Target,
  { stream, key, body, sent }: ParkedRecord,
  { id, position }: ParkedChange,
): Promise<boolean> {
  if (stream.kind !== "queue" && !isBehind(key)) return true;
  if (body.kind === "removed") return false;
  try {
    const text = await bodyStore(payloadBucket(target.s3, target.payloadBucket)).load(body);
    if (stream.kind !== "queue") {
      const { first, last } = decodeFrame(text);
      return first <= position && position <= last;
    }
    const batch = readBatchBody(text);
    if (batch.kind === "fault") return true;
    return batch.messages.some(
      (message) =>
        !sent.has(message.deduplicationId) &&
        message.first <= position &&
        position <= message.last &&
        (message.first === message.last || hasChange(String(message.body), id)),
    );
  } catch (error) {
    // The content is lost, so the change may be in it. The record waits for an operator.
    if (error instanceof BodyUnavailableError) return true;
    throw error;
  }
}

/** Whether a message of several changes has the change or a half of it. */
function hasChange(body: string, id: string): boolean {
  const { changes } = decodeMessage(body);
  return changes.some((change) => change.id === id || change.id.startsWith(`${id}/`));
}
