import { DeleteMessageCommand, ReceiveMessageCommand, type Message } from "@aws-sdk/client-sqs";
import { decodeFrame, MalformedFrameError } from "../../wire/frame.ts";
import { decodePointer } from "../../wire/payload-pointer.ts";
import { payloadBucket } from "../aws/payload-bucket.ts";
import { parkedStreams } from "../delivery/hand-over.ts";
import { bodyStore } from "../failures/body-store.ts";
import type { Batch, Trouble } from "../failures/parked.ts";
import { routeItems } from "../failures/route-items.ts";
import type { Stream } from "../failures/stream.ts";
import type { Target } from "./target.ts";

const DEAD_LETTER: Trouble = { reason: "dead-letter", error: "" };
/** Longer than it takes to record ten messages. */
const VISIBILITY_SECONDS = 60;

/**
 * Moves the frames of the raw queue's dead-letter queue into failure records, from where the retry function puts them back
 * into their lanes in order. Moving them back into the raw queue would set them behind the frames that wait for them there,
 * and those would then go to the dead-letter queue in turn. A message leaves the queue only when its record is written.
 * Returns how many were moved.
 */
export async function redrive(
  target: Target,
  onProgress: (moved: number) => void,
): Promise<number> {
  const { sqs, rawDeadLetterQueueUrl: queueUrl } = target;
  const payloads = payloadBucket(target.s3, target.payloadBucket);
  const streams = parkedStreams(
    routeItems({
      client: target.dynamodb,
      table: target.failuresTable,
      bodies: bodyStore(payloads),
      now: Date.now,
      firstDelayMs: 0,
    }),
  );

  async function placeOf({
    MessageId: id = "",
    Body: body = "",
  }: Message): Promise<{ stream: Stream; batch: Batch }> {
    const pointer = decodePointer(body);
    try {
      const frame = decodeFrame(
        pointer === null ? body : (await payloads.get(pointer.key)).toString("utf8"),
      );
      return {
        stream: { kind: "raw", lane: frame.lane, name: "dead-letter" },
        batch: { first: frame.first, last: frame.last, count: frame.changes.length, body },
      };
    } catch (error) {
      if (!(error instanceof MalformedFrameError)) throw error;
      const stream: Stream = { kind: "raw", lane: 0, name: id };
      return { stream, batch: { first: "0", last: "0", count: 0, body } };
    }
  }

  let moved = 0;
  for (;;) {
    const { Messages: messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: queueUrl,
        MaxNumberOfMessages: 10,
        VisibilityTimeout: VISIBILITY_SECONDS,
      }),
    );
    if (messages.length === 0) return moved;
    for (const message of messages) {
      const { stream, batch } = await placeOf(message);
      await streams.park(stream, batch, DEAD_LETTER);
      await sqs.send(
        new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle: message.ReceiptHandle }),
      );
      onProgress(++moved);
    }
  }
}
