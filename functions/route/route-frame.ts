import type { Connection } from "../../wire/session.ts";
import { deliverMessages, type DeliveryEffects } from "../delivery/deliver-frame.ts";
import type { LaneState } from "../delivery/lane.ts";
import { GapError } from "../errors.ts";
import type { Batch, Trouble } from "../failures/parked.ts";
import { threadStream } from "../failures/stream.ts";
import { chainStep } from "../frame/chain.ts";
import type { PlacedChange, PlacedFrame } from "../frame/read-frame.ts";
import { subFrame } from "../frame/sub-frame.ts";
import { fanOut, type FanOut, type FanOutRules } from "../message/fan-out.ts";
import {
  attribute,
  connectionOf,
  unnamedConnections,
  type ConnectionKnowledge,
} from "../sessions/attribute.ts";
import { settleAll } from "../settle-all.ts";

export interface RouteEffects extends DeliveryEffects {
  /** What is known of connections of a lane, by name. */
  lookUp(
    lane: number,
    connections: ReadonlyMap<string, Connection>,
  ): Promise<ReadonlyMap<string, ConnectionKnowledge>>;
}

/** What became of a frame. */
export type RouteOutcome =
  | { readonly kind: "repeat"; readonly lane: LaneState }
  | {
      readonly kind: "routed";
      /** The lane after the frame. */
      readonly lane: LaneState;
      readonly shares: Omit<FanOut, "queues">;
      /** Changes that were parked because their author is not known. */
      readonly unattributed: number;
      /** Queues for which messages were parked, and how many changes' deliveries that is. */
      readonly parked: ReadonlyMap<string, number>;
    };

const UNATTRIBUTED: Trouble = { reason: "unattributed", error: "" };

/**
 * Delivers one frame: what its lane has not had yet goes to its queues or into failure records, and then the lane's
 * delivered position moves to the frame's end. Safe to repeat after a crash at any point.
 *
 * Changes without a known author are parked first, before anything is sent: a repeat then sees the same authors, makes the
 * same messages, and SQS recognises them.
 *
 * Throws GapError, and OwnTroubleError or an AWS error when the function itself is in trouble; then the position stays.
 */
export async function routeFrame(
  frame: PlacedFrame,
  lane: LaneState,
  rules: FanOutRules,
  effects: RouteEffects,
): Promise<RouteOutcome> {
  const step = chainStep(lane.delivered, frame);
  if (step.kind === "repeat") return { kind: "repeat", lane };
  if (step.kind === "gap") {
    const { lane: number, previous, first } = frame;
    throw new GapError({ lane: number, delivered: lane.delivered, previous, first });
  }

  const changes = frame.changes.filter(
    (change) => change.position > (step.after ?? "") && isWanted(frame, change, rules),
  );
  const unnamed = unnamedConnections(frame, changes);
  const knowledge = unnamed.size === 0 ? new Map() : await effects.lookUp(frame.lane, unnamed);
  const { authored, orphans } = attribute(frame, changes, knowledge);
  await settleAll([...orphans.values()].map((list) => parkOrphans(frame, list, effects)));

  const { queues, ...shares } = fanOut(frame, authored, rules);
  const { lane: present, troubled, parked } = await deliverMessages(lane, queues, effects);
  return {
    kind: "routed",
    lane: await effects.lanes.write(present, { delivered: frame.last, troubled }),
    shares,
    unattributed: changes.length - authored.length,
    parked,
  };
}

/** A change that no queue of any environment would get needs no author. */
function isWanted(
  frame: PlacedFrame,
  change: PlacedChange,
  { subscriptions }: FanOutRules,
): boolean {
  const [database, table] = frame.tables[change.table] ?? ["", ""];
  return subscriptions.any(change.op, database, table);
}

async function parkOrphans(
  frame: PlacedFrame,
  changes: readonly PlacedChange[],
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
  await streams.park(threadStream(frame.lane, connectionOf(frame, first)), batch, UNATTRIBUTED);
}
