import { createHash } from "node:crypto";
import type { LeanSends, MessageFields } from "./lean-sends.ts";
import { encodePointer, PAYLOAD_SIZE_ATTRIBUTE } from "../../wire/payload-pointer.ts";
import { FRAME_PAYLOAD_PREFIX } from "../../wire/payloads.ts";
import type { Log } from "../reporting/log.ts";
import { retry } from "../reporting/retry.ts";
import type { SealedFrame, SendFrame } from "./lane.ts";
import type { PayloadBucket } from "./payload-bucket.ts";

export interface FrameSenderOptions {
  readonly sends: LeanSends;
  readonly payloads: PayloadBucket;
  /**
   * The name of the life that the frames' positions belong to; null for a life from before lives
   * had names.
   */
  readonly life: string | null;
  /** Throws LeaseLostError when this reader no longer holds the lease. */
  readonly assertHeld: () => void;
  /** Called when SQS has acknowledged a frame. */
  readonly onSent: (frame: SealedFrame) => void;
  readonly log: Log;
}

/**
 * SQS's limit for body and attributes, 1 MiB. A larger frame (of one large row) goes through S3.
 */
const SQS_BODY_BYTES = 1_048_576;

/**
 * Sends each frame to the raw queue and retries until SQS acknowledges it. While SQS is
 * unavailable, back-pressure makes MySQL wait. A frame that is sent twice has the same
 * deduplication id. After a restart, frames with other boundaries have other ids; the route
 * function drops repeats by their positions.
 */
export function frameSender(options: FrameSenderOptions): SendFrame {
  return async (frame, signal) => {
    const retries = {
      log: options.log,
      message: "the raw queue did not accept a frame",
      fields: { lane: frame.lane },
      firstWaitMs: 100,
      longestWaitMs: 10_000,
      signal,
    };
    await retry(retries, () => {
      options.assertHeld();
      return sendOnce(options, frame, signal);
    });
    options.onSent(frame);
  };
}

async function sendOnce(
  options: FrameSenderOptions,
  frame: SealedFrame,
  signal: AbortSignal,
): Promise<void> {
  const { text } = frame;
  const bytes = typeof text === "string" ? Buffer.byteLength(text) : text.length;
  const fields = {
    MessageGroupId: `lane-${frame.lane}`,
    MessageDeduplicationId: deduplicationId(frame, options.life),
  };
  if (bytes <= SQS_BODY_BYTES) return options.sends.send(fields, text, signal);
  const { pointer, attributes } = await offLoaded(options, frame, bytes, signal);
  await options.sends.send({ ...fields, MessageAttributes: attributes }, pointer, signal);
}

/** Writes the frame to the payload bucket, and returns what the message is that points to it. */
async function offLoaded(
  { payloads, life }: FrameSenderOptions,
  frame: SealedFrame,
  bytes: number,
  signal: AbortSignal,
): Promise<{
  readonly pointer: string;
  readonly attributes: MessageFields["MessageAttributes"] & object;
}> {
  // The key is unique to the frame: the queue may still contain a frame of another life or with
  // other boundaries that begins at the same position.
  const key = `${FRAME_PAYLOAD_PREFIX}${frame.lane}/${frame.first}/${deduplicationId(frame, life)}`;
  await payloads.put(key, String(frame.text), signal);
  return {
    pointer: encodePointer({ bucket: payloads.name, key }),
    attributes: {
      [PAYLOAD_SIZE_ATTRIBUTE]: { DataType: "Number", StringValue: String(bytes) },
    },
  };
}

function deduplicationId(
  { lane, first, last, previous }: SealedFrame,
  life: string | null,
): string {
  const place = `${lane} ${previous} ${first} ${last}`;
  return createHash("sha256")
    .update(life === null ? place : `${place} ${life}`)
    .digest("hex");
}
