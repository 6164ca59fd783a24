import { createHash } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { SendMessageCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { backoffMs } from "../backoff.ts";
import type { Log } from "../log.ts";
import type { SealedFrame, SendFrame } from "./lane.ts";

export interface FrameSenderOptions {
  readonly sqs: SQSClient;
  readonly queueUrl: string;
  /** Throws when this reader must not send any more. */
  readonly assertHeld: () => void;
  readonly log: Log;
}

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 10_000;

/**
 * Sends frames to the raw queue, again and again until SQS has acknowledged each: while SQS is away, MySQL waits. The
 * same frame sent twice has the same deduplication id; one cut otherwise, after a restart, has another and is sorted out
 * by its positions.
 */
export function frameSender({ sqs, queueUrl, assertHeld, log }: FrameSenderOptions): SendFrame {
  return async (frame, signal) => {
    const command = new SendMessageCommand({
      QueueUrl: queueUrl,
      MessageBody: frame.text,
      MessageGroupId: `lane-${frame.lane}`,
      MessageDeduplicationId: deduplicationId(frame),
    });
    for (let failures = 0; ; failures++) {
      signal.throwIfAborted();
      assertHeld();
      try {
        await sqs.send(command, { abortSignal: signal });
        return;
      } catch (error) {
        signal.throwIfAborted();
        const waitMs = backoffMs(failures, FIRST_WAIT_MS, LONGEST_WAIT_MS);
        log.warn(
          {
            error: error instanceof Error ? error.name : "unknown",
            lane: frame.lane,
            failures: failures + 1,
            waitMs,
          },
          "the raw queue did not take a frame",
        );
        await delay(waitMs, undefined, { signal });
      }
    }
  };
}

function deduplicationId({ lane, first, last, previous }: SealedFrame): string {
  return createHash("sha256").update(`${lane} ${previous} ${first} ${last}`).digest("hex");
}
