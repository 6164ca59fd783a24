import type { Connection } from "../../wire/session.ts";
import type { PositionText } from "../../wire/position.ts";
import { chainStep, endOf, type LanePosition } from "../frame/chain.ts";
import type { PositionedChange, PositionedFrame } from "../frame/read-frame.ts";
import type { FanOutRules } from "../message/fan-out.ts";
import type { Subscriptions } from "../routing/subscriptions.ts";
import { unnamedConnections } from "../sessions/attribute.ts";

type Rules = Pick<FanOutRules, "subscriptions" | "environmentOf">;

/** A frame, and what of it is to be delivered. */
export interface DueFrame {
  readonly frame: PositionedFrame;
  /** Those that the lane has not had yet and that some queue of some environment would get. */
  readonly changes: readonly PositionedChange[];
  /**
   * The connections of these changes whose authors the frame does not name, by `connectionName`.
   */
  readonly unnamed: ReadonlyMap<string, Connection>;
}

/**
 * The frames at the head of a list that are delivered together: each follows the one before it, in
 * the same life, and each names all its authors. A frame that does not is taken alone, so that what
 * is parked for want of an author, and what is known of its connections, is settled for one frame
 * before the next is looked at. Empty when the first frame is a repeat or follows a gap.
 */
export function framesTogether(
  lane: LanePosition,
  frames: readonly PositionedFrame[],
  rules: Rules,
): readonly DueFrame[] {
  const together: DueFrame[] = [];
  let reached = lane;
  for (const frame of frames) {
    const step = chainStep(reached, frame);
    if (step.kind !== "deliver" || frame.life !== frames[0]?.life) break;
    const due = dueFrame(frame, step.after, rules);
    if (due.unnamed.size > 0) return together.length === 0 ? [due] : together;
    together.push(due);
    reached = endOf(reached, frame);
  }
  return together;
}

function dueFrame(
  frame: PositionedFrame,
  after: PositionText | null,
  { subscriptions, environmentOf }: Rules,
): DueFrame {
  const changes = frame.changes.filter(
    (change) => change.position > (after ?? "") && isWanted(frame, change, subscriptions),
  );
  return { frame, changes, unnamed: unnamedConnections(frame, changes, environmentOf) };
}

/**
 * A change that no queue of any environment would get needs no author. Where our own code fails to
 * say, one may get it.
 */
function isWanted(
  frame: PositionedFrame,
  change: PositionedChange,
  subscriptions: Subscriptions,
): boolean {
  const [database, table] = frame.tables[change.table] ?? ["", ""];
  try {
    return subscriptions.any(change.op, database, table, frame.lowerCaseNames);
  } catch {
    return true;
  }
}
