import { queueStream } from "../failures/stream.ts";
import { settleAll } from "../ground/concurrency.ts";
import { mapNonEmpty, type NonEmpty } from "../ground/non-empty.ts";
import type { FrameShare } from "../message/outgoing-message.ts";
import { attemptQueue, changesOf, type Attempt } from "./attempt-queue.ts";
import type { ParkedStreams } from "./hand-over.ts";
import type { LaneState, Lanes } from "./lanes-table.ts";
import { shareBatch } from "./message-batch.ts";
import type { Sender } from "./queue-sender.ts";

export interface DeliveryEffects {
  readonly lanes: Lanes;
  readonly streams: ParkedStreams;
  readonly sender: Sender;
}

export interface DeliveryResult {
  /**
   * The lane's item as it is now, and the queues to be listed in it when the delivered position
   * moves.
   */
  readonly lane: LaneState;
  readonly troubled: ReadonlySet<string>;
  /** Queues for which something was parked, and how many changes. */
  readonly parked: ReadonlyMap<string, number>;
}

/**
 * Sends the messages of consecutive frames and parks the shares of queues in trouble, and those
 * that our own code could not turn into messages. All queues at once: they do not wait for each
 * other. Within a queue the frames keep their order, and what is sent and parked is each frame's
 * own, so that a repeat may come with other frames.
 *
 * The lane's item lists the queues whose stream may be open, so that frames that touch none of them
 * cost no look at the failures table. A queue is listed before its stream opens, and stays listed
 * until a later frame has found it closed: a repeat of a frame after a crash therefore never sends
 * past what it parked. The caller moves the delivered position with the list returned.
 */
export async function deliverFrames(
  lane: LaneState,
  frames: readonly (readonly FrameShare[])[],
  effects: DeliveryEffects,
): Promise<DeliveryResult> {
  const attempts = await settleAll(
    Array.from(byQueue(frames), ([queueName, shares]) =>
      attemptQueue(
        queueStream(lane.lane, queueName),
        shares,
        lane.troubled.has(queueName),
        effects,
      ),
    ),
  );

  const refused = attempts.filter((attempt) => attempt.kind === "refused");
  const unlisted = refused.filter(({ queueName }) => !lane.troubled.has(queueName));
  let state = lane;
  if (unlisted.length > 0) {
    const troubled = new Set([...lane.troubled, ...unlisted.map(({ queueName }) => queueName)]);
    state = await effects.lanes.write(lane, { ...lane, troubled });
  }
  await settleAll(refused.map((attempt) => parkRefused(lane.lane, attempt, effects)));

  const clear = new Set(
    attempts.filter(({ kind }) => kind === "sent").map(({ queueName }) => queueName),
  );
  return {
    lane: state,
    troubled: new Set([...state.troubled].filter((queueName) => !clear.has(queueName))),
    parked: new Map(
      attempts
        .map((attempt) => [attempt.queueName, parkedChanges(attempt)] as const)
        .filter(([, changes]) => changes > 0),
    ),
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
 * Parks what did not get through, each frame's for itself. A frame of which everything got through
 * has a record as well, an empty one: its repeat must find its key in the stream taken, or it would
 * write a record that retry has passed.
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
