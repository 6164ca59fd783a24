import type { Trouble } from "../failures/parked.ts";
import { queueStream } from "../failures/stream.ts";
import type { OutgoingMessage, QueueMessages } from "../message/outgoing-message.ts";
import { settleAll } from "../settle-all.ts";
import { messageBatch } from "./message-batch.ts";
import type { ParkedStreams } from "./hand-over.ts";
import type { LaneState, Lanes } from "./lane.ts";

/** What became of the messages of one queue. `trouble`: why those that are left could not be sent. */
export type SendResult =
  | { readonly kind: "sent" }
  | {
      readonly kind: "trouble";
      readonly trouble: Trouble;
      readonly unsent: readonly OutgoingMessage[];
    };

export interface Sender {
  /**
   * Sends messages to a queue, those of one group in order, and no message after one of its group that failed. Throws
   * OwnTroubleError when it is not the queue that is in trouble.
   */
  send(queueName: string, messages: readonly OutgoingMessage[]): Promise<SendResult>;
}

export interface DeliveryEffects {
  readonly lanes: Lanes;
  readonly streams: ParkedStreams;
  readonly sender: Sender;
}

export interface DeliveryResult {
  /** The lane's item as it is now, and the queues to be listed in it when the delivered position moves. */
  readonly lane: LaneState;
  readonly troubled: ReadonlySet<string>;
  /** Queues for which something was parked, and how many changes. */
  readonly parked: ReadonlyMap<string, number>;
}

const BEHIND: Trouble = { reason: "behind", error: "" };

/**
 * Sends one frame's messages and parks those of queues in trouble. All queues at once: they do not wait for each other.
 *
 * The lane's item lists the queues whose stream may be open, so that a frame that touches none of them costs no look at the
 * failures table. A queue is listed before its stream opens, and stays listed until a later frame has found it closed: a
 * repeat of this frame after a crash therefore never sends past what it parked. The caller moves the delivered position
 * with the list returned.
 */
export async function deliverMessages(
  lane: LaneState,
  queues: readonly QueueMessages[],
  { lanes, streams, sender }: DeliveryEffects,
): Promise<DeliveryResult> {
  const outcomes = await settleAll(
    queues.map(async ({ queueName, messages }) => {
      if (lane.troubled.has(queueName)) {
        const stream = queueStream(lane.lane, queueName);
        const parking = await streams.parkBehind(stream, messageBatch(messages), BEHIND);
        if (parking === "parked") return { queueName, messages, kind: "parked" as const };
        if (parking === "delivered") return { queueName, messages, kind: "sent" as const };
      }
      return { queueName, messages, ...(await sender.send(queueName, messages)) };
    }),
  );

  const failed = outcomes.filter((outcome) => outcome.kind === "trouble");
  const unlisted = failed.filter(({ queueName }) => !lane.troubled.has(queueName));
  let state = lane;
  if (unlisted.length > 0) {
    const troubled = new Set([...lane.troubled, ...unlisted.map(({ queueName }) => queueName)]);
    state = await lanes.write(lane, { delivered: lane.delivered, troubled });
  }
  await settleAll(
    failed.map(({ queueName, messages, unsent, trouble }) =>
      streams.park(queueStream(lane.lane, queueName), messageBatch(messages, unsent), trouble),
    ),
  );

  const clear = new Set(
    outcomes.filter(({ kind }) => kind === "sent").map(({ queueName }) => queueName),
  );
  return {
    lane: state,
    troubled: new Set([...state.troubled].filter((queueName) => !clear.has(queueName))),
    parked: new Map(
      outcomes.flatMap((outcome) => {
        if (outcome.kind === "sent") return [];
        const left = outcome.kind === "parked" ? outcome.messages : outcome.unsent;
        return [[outcome.queueName, left.reduce((sum, { changes }) => sum + changes, 0)]];
      }),
    ),
  };
}
