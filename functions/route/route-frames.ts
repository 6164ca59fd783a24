import { connectionName, type Connection } from "../../wire/session.ts";
import { deliverFrames, type DeliveryEffects } from "../delivery/deliver-frames.ts";
import type { NoteDropped } from "../delivery/dropped-snapshots.ts";
import type { LaneState } from "../delivery/lanes-table.ts";
import type { NamedPosition } from "../failures/named-position.ts";
import { digestOf, type Batch, type Trouble } from "../failures/parked.ts";
import { threadStream } from "../failures/stream.ts";
import { chainStep, endOf, type LanePosition } from "../frame/chain.ts";
import type { PositionedChange, PositionedFrame } from "../frame/read-frame.ts";
import { SLICE_CHANGES, slicesOf } from "../frame/slices.ts";
import { authoredSubFrame, subFrame } from "../frame/sub-frame.ts";
import { forEachLimited } from "../ground/concurrency.ts";
import { GapError } from "../ground/errors.ts";
import type { AuthoredChange } from "../message/authored-change.ts";
import { fanOut, type FanOut, type FanOutRules } from "../message/fan-out.ts";
import { freeBodies, type QueueFault } from "../message/outgoing-message.ts";
import { attribute, connectionOf, type ConnectionKnowledge } from "../sessions/attribute.ts";
import { framesTogether, type DueFrame } from "./frames-together.ts";
import type { PreparedFrames } from "./prepared-frames.ts";
import { mergeOutcomes, type Fault, type RouteOutcome } from "./route-outcome.ts";

export interface RouteEffects extends DeliveryEffects {
  /** Looks up connections of a lane, by name. */
  lookUp(
    lane: number,
    connections: ReadonlyMap<string, Connection>,
    change?: NamedPosition,
  ): Promise<ReadonlyMap<string, ConnectionKnowledge>>;
  readonly noteDropped: NoteDropped;
  /** The messages of frames, where they were made before. */
  readonly prepared?: PreparedFrames;
  /**
   * Called before the position past some frames is written, when all their messages were sent and
   * the lane has nothing parked for any queue. Resolves when nothing that it began is under way.
   */
  readonly sendAhead?: (frames: number, reached: LanePosition) => Promise<void>;
}

const UNATTRIBUTED: Trouble = { reason: "unattributed", error: "" };

/**
 * The maximum number of connections whose changes are parked in parallel. A frame may have hundreds
 * of connections, each of which needs several requests and compresses a body.
 */
const CONNECTIONS_AT_ONCE = 16;

/**
 * Delivers the first frame, together with as many of the following frames as `framesTogether`
 * allows. Changes that are new to the lane are sent to their queues or parked. Then the lane's
 * delivered position moves to the end of the last frame. All this may be repeated after a crash at
 * any point, with the same frames or with others after the first one, because messages,
 * deduplication ids and failure records belong to one frame each.
 *
 * A frame that becomes very many messages is delivered alone and in slices, each like a separate
 * frame, so that the next invocation need not repeat what was delivered.
 *
 * Changes without a known author are parked before anything is sent. A repeat then finds the same
 * authors and makes the same messages, which SQS recognises. Changes whose receivers the router
 * fails to decide are parked first too.
 *
 * Throws GapError, and OwnTroubleError or an AWS error when the function itself is in trouble. The
 * delivered position then stays unchanged.
 */
export async function routeFrames(
  [first, ...followers]: readonly [PositionedFrame, ...PositionedFrame[]],
  lane: LaneState,
  rules: FanOutRules,
  effects: RouteEffects,
): Promise<RouteOutcome> {
  if (!isSliced(first, rules)) {
    const sliced = followers.findIndex((frame) => isSliced(frame, rules));
    const whole = sliced === -1 ? followers : followers.slice(0, sliced);
    return routeTogether([first, ...whole], lane, rules, effects);
  }
  let outcome: RouteOutcome | null = null;
  for (const slice of slicesOf(first)) {
    const next = await routeTogether([slice], outcome?.lane ?? lane, rules, effects);
    outcome = mergeOutcomes(outcome, next);
  }
  return outcome ?? { kind: "repeat", lane };
}

function isSliced({ changes }: PositionedFrame, { subscriptions }: FanOutRules): boolean {
  return subscriptions.hasMessagePerChange && changes.length > SLICE_CHANGES;
}

async function routeTogether(
  [first, ...followers]: readonly [PositionedFrame, ...PositionedFrame[]],
  lane: LaneState,
  rules: FanOutRules,
  effects: RouteEffects,
): Promise<RouteOutcome> {
  const step = chainStep(lane, first);
  if (step.kind === "repeat") return { kind: "repeat", lane };
  if (step.kind === "gap") {
    const { lane: number, previous, life = null } = first;
    const { delivered } = lane;
    throw new GapError({ lane: number, delivered, previous, first: first.first, life });
  }

  const together = framesTogether(lane, [first, ...followers], rules);
  const shares: FanOut[] = [];
  const faults: Fault[] = [];
  let unattributed = 0;
  for (const due of together) {
    let share = effects.prepared?.of(due);
    if (share == null) {
      const authored = await settleAuthors(due, rules, effects);
      unattributed += due.changes.length - authored.length;
      share = fanOut(due.frame, authored, rules);
    }
    faults.push(...faultsOf(share));
    for (const id of droppedSnapshots(due.frame, rules)) await effects.noteDropped(id);
    if (share.undecided !== null) await parkUndecided(due.frame, share.undecided, effects);
    shares.push(share);
  }
  const {
    lane: present,
    troubled,
    parked,
    isClear,
  } = await deliverFrames(
    lane,
    shares.map(({ queues }) => queues),
    effects,
  );
  const reached = together.reduce<LanePosition>(
    (position, { frame }) => endOf(position, frame),
    lane,
  );
  const isKnown = unattributed === 0 && shares.every(({ undecided }) => undecided === null);
  const ahead = isClear && isKnown ? effects.sendAhead?.(together.length, reached) : undefined;
  const written = await writeBeside(ahead, () =>
    effects.lanes.write(present, { ...reached, troubled }),
  );
  // Not before: if the write fails, the messages that were made ahead are sent again.
  for (const { queues } of shares) freeBodies(queues);
  return {
    kind: "routed",
    lane: written,
    delivered: together.length,
    frames: shares,
    unattributed,
    parked,
    faults,
  };
}

/** Nothing may be under way when frames are returned to the queue, so a failed write waits. */
async function writeBeside<Value>(
  ahead: Promise<void> | undefined,
  write: () => Promise<Value>,
): Promise<Value> {
  try {
    return await write();
  } catch (error) {
    await ahead;
    throw error;
  }
}

/** The snapshots of a frame's rows that no queue gets, because their subscriber was removed. */
function droppedSnapshots({ authors }: PositionedFrame, { subscriptions }: FanOutRules): string[] {
  return authors.flatMap(({ snapshot }) =>
    snapshot === undefined || subscriptions.hasQueue(snapshot) ? [] : [snapshot.id],
  );
}

function faultsOf({ queues, undecided }: FanOut): Fault[] {
  const faults: Fault[] = queues
    .filter((share): share is QueueFault => share.kind === "fault")
    .map(({ queueName, error, count }) => ({ queueName, error, changes: count }));
  if (undecided !== null) {
    const { error, changes } = undecided;
    faults.push({ queueName: null, error, changes: changes.length });
  }
  return faults;
}

/** Returns the changes with known authors, and parks the others in their connections' streams. */
async function settleAuthors(
  { frame, changes, unnamed }: DueFrame,
  { environmentOf }: FanOutRules,
  effects: RouteEffects,
): Promise<readonly AuthoredChange[]> {
  const change: NamedPosition = { position: frame.first, life: frame.life ?? null };
  const knowledge =
    unnamed.size === 0 ? new Map() : await effects.lookUp(frame.lane, unnamed, change);
  const { authored, orphans } = attribute(frame, changes, knowledge, environmentOf);
  await forEachLimited(orphans.values(), CONNECTIONS_AT_ONCE, (list) =>
    parkByConnection(frame, list, subFrame(frame, list), UNATTRIBUTED, effects),
  );
  return authored;
}

/**
 * Parks changes whose receivers could not be decided, with their authors, in the streams of the
 * connections that wrote them.
 */
async function parkUndecided(
  frame: PositionedFrame,
  { changes, error }: NonNullable<FanOut["undecided"]>,
  effects: RouteEffects,
): Promise<void> {
  const byConnection = Map.groupBy(changes, ({ change }) =>
    connectionName(connectionOf(frame, change)),
  );
  await forEachLimited(byConnection.values(), CONNECTIONS_AT_ONCE, (list) =>
    parkByConnection(
      frame,
      list.map(({ change }) => change),
      authoredSubFrame(frame, list),
      { reason: "fault", error },
      effects,
    ),
  );
}

/** Parks changes of one connection. */
async function parkByConnection(
  frame: PositionedFrame,
  changes: readonly PositionedChange[],
  body: string,
  trouble: Trouble,
  { streams }: RouteEffects,
): Promise<void> {
  const first = changes[0];
  const last = changes.at(-1);
  if (first === undefined || last === undefined) return;
  const batch: Batch = {
    first: first.position,
    last: last.position,
    ...(frame.life !== undefined && { life: frame.life }),
    share: digestOf(changes.map(({ position }) => position)),
    count: changes.length,
    body,
  };
  await streams.park(threadStream(frame.lane, connectionOf(frame, first)), [batch], trouble);
}
