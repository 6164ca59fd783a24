import { queueStream } from "../failures/stream.ts";
import { settleAll } from "../ground/concurrency.ts";
import { mapNonEmpty, type NonEmpty } from "../ground/non-empty.ts";
import type { FrameShare } from "../message/outgoing-message.ts";
import { attemptQueue, changesOf, type Attempt } from "./attempt-queue.ts";
import type { FindClosed } from "./closed-streams.ts";
import type { ParkedStreams } from "./hand-over.ts";
import type { LaneState, Lanes } from "./lanes-table.ts";
import { shareBatch } from "./message-batch.ts";
import type { Sender } from "./queue-sender.ts";

export interface DeliveryEffects {
  readonly lanes: Lanes;
  readonly streams: ParkedStreams;
  readonly sender: Sender;
  readonly findClosed: FindClosed;
}

export interface DeliveryResult {
  /**
   * The lane's item after the delivery. `troubled` are the queues to list in it when the delivered
   * position advances.
   */
  readonly lane: LaneState;
  readonly troubled: ReadonlySet<string>;
  /** The number of parked changes per queue, for queues with parked changes. */
  readonly parked: ReadonlyMap<string, number>;
  /**
   * Whether all messages were sent, and no queue of the lane may have an open stream. The next
   * frame's messages may then be sent before the delivered position is written.
   */
  readonly isClear: boolean;
}

/**
 * Sends the messages of consecutive frames. Shares of queues in trouble, and shares that the router
 * failed to turn into messages, are parked. All queues are handled at once, so they do not wait for
 * each other. Within a queue the frames keep their order. Messages and records belong to one frame
 * each, so that a repeated frame may be combined with other frames.
 *
 * The lane's item lists the queues whose stream may be open. Frames for other queues need no
 * request to the failures table. A queue is listed before its stream opens, and stays listed until
 * a later frame finds the stream closed. That frame need not have messages for the queue, because
 * after a change of the configuration none may follow. A frame that is repeated after a crash
 * therefore never sends messages ahead of parked ones. The caller writes the returned list together
 * with the new delivered position.
 */
export async function deliverFrames(
  lane: LaneState,
  frames: readonly (readonly FrameShare[])[],
  effects: DeliveryEffects,
): Promise<DeliveryResult> {
  const queues = byQueue(frames);
  const without = [...lane.troubled].filter((queueName) => !queues.has(queueName));
  const closed = effects.findClosed(lane.lane, without);
  const attempts = await settleAll(
    Array.from(queues, ([queueName, shares]) =>
      attemptQueue(
        queueStream(lane.lane, queueName),
        shares,
        lane.troubled.has(queueName),
        effects,
      ),
    ),
  );
  const clear = new Set(await closed);

  const refused = attempts.filter((attempt) => attempt.kind === "refused");
  const unlisted = refused.filter(({ queueName }) => !lane.troubled.has(queueName));
  let state = lane;
  if (unlisted.length > 0) {
    const troubled = new Set([...lane.troubled, ...unlisted.map(({ queueName }) => queueName)]);
    state = await effects.lanes.write(lane, { ...lane, troubled });
  }
  await settleAll(refused.map((attempt) => parkRefused(lane.lane, attempt, effects)));

  for (const { kind, queueName } of attempts) if (kind === "sent") clear.add(queueName);
  return {
    lane: state,
    troubled: new Set([...state.troubled].filter((queueName) => !clear.has(queueName))),
    parked: new Map(
      attempts
        .map((attempt) => [attempt.queueName, parkedChanges(attempt)] as const)
        .filter(([, changes]) => changes > 0),
    ),
    isClear: lane.troubled.size === 0 && attempts.every(({ kind }) => kind === "sent"),
  };
}

function byQueue(
  frames: readonly (readonly FrameShare[])[],
): ReadonlyMap<string, NonEmpty<FrameShare>> {
  const queues = new Map<string, [FrameShare, ...FrameShare[]]>();
  for (const share of frames.flat()) {
    const shares = queues.get(share.queueName);
    if (shares === undefined) queues.set(share.queueName, [share]);
    else shares.push(share);
  }
  return queues;
}

/**
 * Parks the unsent messages, with one record per frame. A frame whose messages were all sent gets
 * an empty record: when the frame is repeated, its key must exist in the stream. Otherwise the
 * repeat would write a record at a position that retry has already passed.
 */
async function parkRefused(
  lane: number,
  { queueName, offered, sent, trouble }: Extract<Attempt, { kind: "refused" }>,
  { streams }: DeliveryEffects,
): Promise<void> {
  const batches = mapNonEmpty(offered, (share) =>
    shareBatch(share, (message) => !sent.has(message)),
  );
  await streams.park(queueStream(lane, queueName), batches, trouble);
}

function parkedChanges(attempt: Attempt): number {
  switch (attempt.kind) {
    case "sent":
      return 0;
    case "parked":
      return attempt.changes;
    case "refused":
      return changesOf(attempt.offered, attempt.sent);
    default:
      return attempt satisfies never;
  }
}
