import { DeleteMessageCommand, ReceiveMessageCommand, type Message } from "@aws-sdk/client-sqs";
import type { Command } from "commander";
import { MalformedFrameError } from "../../../wire/decode-frame.ts";
import { payloadBucket } from "../../../functions/aws/payload-bucket.ts";
import { parkedStreams } from "../../../functions/delivery/hand-over.ts";
import { bodyStore } from "../../../functions/failures/body-store.ts";
import { unreadableBatch, type Batch, type Trouble } from "../../../functions/failures/parked.ts";
import { routeItems } from "../../../functions/failures/route-items.ts";
import {
  deadLetterStream,
  unreadableStream,
  type Stream,
} from "../../../functions/failures/stream.ts";
import { readRawMessage, textToPark } from "../../../functions/frame/read-raw-message.ts";
import { CommandError } from "../../shared/command-error.ts";
import { onStack, type StackContext } from "../../shared/command.ts";
import { messagesIn } from "../../shared/messages-in.ts";
import type { Target } from "../../shared/target.ts";
import { plural } from "../../shared/render.ts";

const DEAD_LETTER: Trouble = { reason: "dead-letter", error: "" };
/** Long enough to park ten messages. */
const VISIBILITY_SECONDS = 60;
/**
 * Long polling. With short polling, SQS queries only some of its servers and may return no messages
 * although the queue has some.
 */
const WAIT_SECONDS = 5;
const DEAD_LETTER_SUFFIX = "-raw-dead.fifo";

export function redrive(failures: Command): void {
  failures
    .command("redrive")
    .description(
      "park the frames of the raw queue's dead-letter queue, so that they are delivered in order",
    )
    .action(onStack(redriveAll));
}

async function redriveAll({ target, report, progress }: StackContext): Promise<void> {
  const moved = await moveDeadLetters(target, (count) => progress(plural(count, "message")));
  progress("");
  const waiting = await messagesIn(target.sqs, nameOf(target.rawDeadLetterQueueUrl));
  report({ moved, waiting }, () => redriveText(moved, waiting));
}

/**
 * The text after a redrive. `waiting` is the number of messages that are still in the queue, null
 * when SQS could not be asked. SQS hides messages that an interrupted redrive received until their
 * visibility timeout ends; in a FIFO queue it also hides the messages behind them in their group.
 */
function redriveText(moved: number, waiting: number | null): string {
  const done = `${plural(moved, "message is", "messages are")} parked now; the retry function returns ${moved === 1 ? "it to its lane" : "them to their lanes"}.`;
  if (waiting === 0) {
    return moved === 0 ? "The raw queue's dead-letter queue is empty." : done;
  }
  const left =
    waiting === null
      ? "SQS did not say whether the raw queue's dead-letter queue has messages left"
      : `The raw queue's dead-letter queue still has messages (about ${waiting})`;
  const remedy = `an interrupted redrive may hold some for ${VISIBILITY_SECONDS} seconds. Run this command again in a minute.`;
  return `${moved === 0 ? "" : `${done}\n`}${left}: ${remedy}`;
}

/**
 * Moves the frames of the raw queue's dead-letter queue into failure records. The retry function
 * then delivers them in the order of their lanes. If they were moved to the raw queue, they would
 * be behind the frames that wait for them, and those would end in the dead-letter queue in turn. A
 * message is deleted only after its record is written. A message that is not a frame of this source
 * gets a separate stream, as in the route function, and blocks nothing. Returns the number of moved
 * messages. Throws CommandError when the queue is not a raw queue's dead-letter queue.
 */
export async function moveDeadLetters(
  target: Target,
  onProgress: (moved: number) => void,
): Promise<number> {
  const { sqs, rawDeadLetterQueueUrl: queueUrl } = target;
  const source = sourceOf(queueUrl);
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

  async function parkedForm({
    MessageId: id = "",
    Body: body = "",
  }: Message): Promise<{ stream: Stream; batch: Batch }> {
    const text = await textToPark(body, payloads);
    try {
      const frame = await readRawMessage(text, source, payloads);
      const { first, last, life, changes } = frame;
      const batch = { first, last, count: changes.length, body: text };
      return {
        stream: deadLetterStream(frame),
        batch: life === undefined ? batch : { ...batch, life },
      };
    } catch (error) {
      if (!(error instanceof MalformedFrameError)) throw error;
      return { stream: unreadableStream(id), batch: unreadableBatch(text) };
    }
  }

  let moved = 0;
  for (;;) {
    const { Messages: messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: queueUrl,
        MaxNumberOfMessages: 10,
        VisibilityTimeout: VISIBILITY_SECONDS,
        WaitTimeSeconds: WAIT_SECONDS,
      }),
    );
    if (messages.length === 0) return moved;
    for (const message of messages) {
      const { stream, batch } = await parkedForm(message);
      await streams.park(stream, [batch], DEAD_LETTER);
      await sqs.send(
        new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle: message.ReceiptHandle }),
      );
      onProgress(++moved);
    }
  }
}

/** The name of the source, taken from the name of its dead-letter queue. Throws CommandError. */
function sourceOf(queueUrl: string): string {
  const name = nameOf(queueUrl);
  if (!name.endsWith(DEAD_LETTER_SUFFIX)) {
    throw new CommandError(`"${name}" is not the dead-letter queue of a raw queue`);
  }
  return name.slice(0, -DEAD_LETTER_SUFFIX.length);
}

function nameOf(queueUrl: string): string {
  return queueUrl.slice(queueUrl.lastIndexOf("/") + 1);
}
