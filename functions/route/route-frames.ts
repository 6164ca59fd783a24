import type { Connection } from "../../wire/session.ts";
import { deliverFrames, type DeliveryEffects } from "../delivery/deliver-frames.ts";
import type { LaneState } from "../delivery/lanes-table.ts";
import type { Batch, Trouble } from "../failures/parked.ts";
import { threadStream } from "../failures/stream.ts";
import { chainStep } from "../frame/chain.ts";
import type { PositionedChange, PositionedFrame } from "../frame/read-frame.ts";
import { subFrame } from "../frame/sub-frame.ts";
import { settleAll } from "../ground/concurrency.ts";
import { GapError } from "../ground/errors.ts";
import { fanOut, type AuthoredChange, type FanOut, type FanOutRules } from "../message/fan-out.ts";
import { attribute, connectionOf, type ConnectionKnowledge } from "../sessions/attribute.ts";
import { framesTogether, type DueFrame } from "./frames-together.ts";

export interface RouteEffects extends DeliveryEffects {
  /** What is known of connections of a lane, by name. */
  lookUp(
    lane: number,
    connections: ReadonlyMap<string, Connection>,
  ): Promise<ReadonlyMap<string, ConnectionKnowledge>>;
}

/** What became of frames. */
export type RouteOutcome =
  | { readonly kind: "repeat"; readonly lane: LaneState }
  | {
      readonly kind: "routed";
      /** The lane after the frames. */
      readonly lane: LaneState;
      /** What was delivered of each frame; those that were offered beyond these have not been touched. */
      readonly frames: readonly Omit<FanOut, "queues">[];
      /** Changes that were parked because their author is not known. */
      readonly unattributed: number;
      /** Queues for which messages were parked, and how many changes' deliveries that is. */
      readonly parked: ReadonlyMap<string, number>;
    };

const UNATTRIBUTED: Trouble = { reason: "unattributed", error: "" };

/**
 * Delivers the first frame, and with it as many of its followers as `framesTogether` allows: what their lane has not had
 * yet goes to its queues or into failure records, and then the lane's delivered position moves to the end of the last.
 * Safe to repeat after a crash at any point, with the same frames or with others that begin with the same one: messages,
 * deduplication ids and failure records are each frame's own, whatever it is delivered together with.
 *
 * Changes without a known author are parked first, before anything is sent: a repeat then sees the same authors, makes the
 * same messages, and SQS recognises them.
 *
 * Throws GapError, and OwnTroubleError or an AWS error when the function itself is in trouble; then the position stays.
 */
export async function routeFrames(
  [first, ...followers]: readonly [PositionedFrame, ...PositionedFrame[]],
  lane: LaneState,
  rules: FanOutRules,
  effects: RouteEffects,
): Promise<RouteOutcome> {
  const step = chainStep(lane.delivered, first);
  if (step.kind === "repeat") return { kind: "repeat", lane };
  if (step.kind === "gap") {
    const { lane: number, previous } = first;
    throw new GapError({ lane: number, delivered: lane.delivered, previous, first: first.first });
  }

  const together = framesTogether(lane.delivered, [first, ...followers], rules);
  const shares: FanOut[] = [];
  let unattributed = 0;
  for (const due of together) {
    const authored = await settleAuthors(due, rules, effects);
    unattributed += due.changes.length - authored.length;
    shares.push(fanOut(due.frame, authored, rules));
  }
  const {
    lane: present,
    troubled,
    parked,
  } = await deliverFrames(
    lane,
    shares.map(({ queues }) => queues),
    effects,
  );
  const delivered = together.at(-1)?.frame.last ?? lane.delivered;
  return {
    kind: "routed",
    lane: await effects.lanes.write(present, { delivered, troubled }),
    frames: shares,
    unattributed,
    parked,
  };
}

/** The changes whose authors are known; the others are parked under their connections. */
async function settleAuthors(
  { frame, changes, unnamed }: DueFrame,
  { environmentOf }: FanOutRules,
  effects: RouteEffects,
): Promise<readonly AuthoredChange[]> {
  const knowledge = unnamed.size === 0 ? new Map() : await effects.lookUp(frame.lane, unnamed);
  const { authored, orphans } = attribute(frame, changes, knowledge, environmentOf);
  await settleAll([...orphans.values()].map((list) => parkOrphans(frame, list, effects)));
  return authored;
}

async function parkOrphans(
  frame: PositionedFrame,
  changes: readonly PositionedChange[],
  { streams }: RouteEffects,
): Promise<void> {
  const first = changes[0];
  const last = changes.at(-1);
  if (first === undefined || last === undefined) return;
  const batch: Batch = {
    first: first.position,
    last: last.position,
    count: changes.length,
    body: subFrame(frame, changes),
  };
  await streams.park(threadStream(frame.lane, connectionOf(frame, first)), [batch], UNATTRIBUTED);
}
