import type { Connection } from "../../wire/session.ts";
import type { PositionText } from "../../wire/position.ts";
import { chainStep, endOf, type LanePosition } from "../frame/chain.ts";
import type { PositionedChange, PositionedFrame } from "../frame/read-frame.ts";
import type { FanOutRules } from "../message/fan-out.ts";
import type { Subscriptions } from "../routing/subscriptions.ts";
import { unnamedConnections } from "../sessions/attribute.ts";

type Rules = Pick<FanOutRules, "subscriptions" | "environmentOf">;

/** A frame and its changes that are to be delivered. */
export interface DueFrame {
  readonly frame: PositionedFrame;
  /** The changes that are new to the lane and that a queue of any environment could receive. */
  readonly changes: readonly PositionedChange[];
  /**
   * The connections of these changes whose authors must be looked up, by `connectionName`.
   */
  readonly unnamed: ReadonlyMap<string, Connection>;
}

/**
 * The first frames of a list that are delivered together. Each follows the one before it in the
 * same life and contains all its authors. A frame without all its authors is delivered alone, so
 * that its connections are looked up, and its changes are parked if necessary, before the next
 * frame is handled. Empty when the first frame is a repeat or follows a gap.
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

/** `after`: the position up to which the frame was delivered; null when it was not. */
export function dueFrame(
  frame: PositionedFrame,
  after: PositionText | null,
  { subscriptions, environmentOf }: Rules,
): DueFrame {
  const isAllNew = after === null || frame.first > after;
  const isWanted = wantedIn(frame, subscriptions);
  const changes = frame.changes.filter(
    (change) => (isAllNew || change.position > after) && isWanted(change),
  );
  return { frame, changes, unnamed: unnamedConnections(frame, changes, environmentOf) };
}

/**
 * Whether a queue of any environment could receive a change. If not, the change needs no author. An
 * exception caused by a bug counts as true. Decided once for the rows, and for the statements, of
 * each table of the frame.
 */
function wantedIn(
  { tables, lowerCaseNames }: PositionedFrame,
  subscriptions: Subscriptions,
): (change: PositionedChange) => boolean {
  const known: (boolean | undefined)[] = [];
  const decide = ({ op, table: index }: PositionedChange): boolean => {
    const [database, table] = tables[index] ?? ["", ""];
    try {
      return subscriptions.any(op, database, table, lowerCaseNames);
    } catch {
      return true;
    }
  };
  return (change) => (known[2 * change.table + (change.op === "ddl" ? 1 : 0)] ??= decide(change));
}
