import { setTimeout as delay } from "node:timers/promises";
import { payloadBucket } from "../../../functions/aws/payload-bucket.ts";
import { fixedPatience } from "../../../functions/delivery/patience.ts";
import { queueSender, type Sender } from "../../../functions/delivery/queue-sender.ts";
import { filtersOf } from "../../../functions/filters/filters.ts";
import type { PositionedFrame } from "../../../functions/frame/read-frame.ts";
import { fanOut } from "../../../functions/message/fan-out.ts";
import type { OutgoingMessage } from "../../../functions/message/outgoing-message.ts";
import { environmentOf } from "../../../functions/routing/environments.ts";
import { type Subscription, subscriptionsOf } from "../../../functions/routing/subscriptions.ts";
import { lookUp } from "../../../functions/sessions/look-up.ts";
import type { PositionText } from "../../../wire/position.ts";
import { CommandError } from "../../shared/command-error.ts";
import type { Target } from "../../shared/target.ts";
import { authoredFrame } from "../../stretch/authored-frame.ts";
import { only } from "../../stretch/only.ts";
import { filterSecretOf, type TracedSource } from "../../stretch/traced-source.ts";

/** The messages of one queue for a part of a stretch. */
export interface Part {
  readonly messages: readonly OutgoingMessage[];
  readonly changes: number;
  /** Number of changes without a known author. */
  readonly unknown: number;
  /** The last position of the part. */
  readonly last: PositionText;
}

export type QueueName = Pick<Subscription, "subscriber" | "environment">;

/**
 * Returns a function that makes one queue's messages of frames, as the route function does, and
 * marks them as a replay. It throws CommandError for a change that cannot be filtered or made into
 * a message.
 */
export async function partMaker(
  target: Target,
  { name, routing }: TracedSource,
  chosen: QueueName,
  id: string,
): Promise<(frames: readonly PositionedFrame[]) => Promise<Part>> {
  const { sessionsTable, failuresTable, dynamodb: client } = target;
  const authors = lookUp({ client, sessionsTable, failuresTable });
  const rules = {
    environmentOf: environmentOf(routing),
    subscriptions: only(
      subscriptionsOf(name, routing),
      ({ subscriber, environment }) =>
        subscriber === chosen.subscriber && environment === chosen.environment,
    ),
    filters: filtersOf(routing, await filterSecretOf(target)),
  };
  return async (frames) => {
    const messages: OutgoingMessage[] = [];
    let unknown = 0;
    for (const frame of frames) {
      const { authored, unknown: without } = await authoredFrame(
        frame,
        rules.environmentOf,
        authors,
      );
      unknown += without.length;
      const { queues, undecided } = fanOut({ ...frame, replay: { id } }, authored, rules);
      if (undecided !== null)
        throw new CommandError(`the filters cannot decide about a change: ${undecided.error}`);
      for (const share of queues) {
        if (share.kind === "fault")
          throw new CommandError(
            `the changes from ${share.first} to ${share.last} cannot be made into messages: ${share.error}`,
          );
        for (const message of share.messages) {
          // The operators' client writes only strings (see `withPlainBodies`).
          messages.push({ ...message, body: String(message.body) });
        }
      }
    }
    return {
      messages,
      changes: messages.reduce((sum, { changes }) => sum + changes, 0),
      unknown,
      last: frames.reduce((most, { last }) => (last > most ? last : most), ""),
    };
  };
}

const PATIENCE_MS = 10_000;
const FIRST_PAUSE_MS = 500;
/** The pauses between six tries add up to about 16 seconds. */
const TRIES = 6;

/**
 * Returns a function that sends messages to a queue, in order within each group, and retries. It
 * throws CommandError when it cannot send them.
 */
export function replaySender(
  { sqs, s3, payloadBucket: bucket, rawDeadLetterQueueUrl }: Target,
  queueName: string,
): (messages: readonly OutgoingMessage[]) => Promise<void> {
  const sender: Sender = queueSender({
    client: sqs,
    // The URLs of environment queues are derived from this URL.
    rawQueueUrl: rawDeadLetterQueueUrl,
    payloads: payloadBucket(s3, bucket),
    patience: fixedPatience(PATIENCE_MS),
  });
  return async (messages) => {
    let unsent = messages;
    for (let tries = 1; unsent.length > 0; tries++) {
      const result = await sender.send(queueName, unsent);
      if (result.kind === "sent") return;
      ({ unsent } = result);
      const { reason, error } = result.trouble;
      if (tries === TRIES)
        throw new CommandError(`${queueName} does not accept messages (${reason}: ${error})`);
      await delay(FIRST_PAUSE_MS * 2 ** (tries - 1));
    }
  };
}
