import { formatPosition, type PositionText } from "../../wire/position.ts";
import { type BinlogPosition, isBefore } from "../transactions/binlog-position.ts";
import { binlogPosition, type Offset } from "./offset.ts";

/** A lane's progress, as saved by the route function. */
export interface LaneProgress {
  /** The position up to which the lane was delivered; null before its first frame. */
  readonly delivered: PositionText | null;
  /** The queues for which frames of the lane may be parked. */
  readonly troubled: ReadonlySet<string>;
}

/**
 * `change`: the number of lanes may change. `wait`: frames of these lanes are not delivered yet.
 * `keep`: the present number of lanes stays in use.
 */
export type LayoutStep =
  | { readonly kind: "change" }
  | { readonly kind: "wait"; readonly lanes: readonly number[] }
  | { readonly kind: "keep"; readonly why: string };

/**
 * Whether the number of lanes may change at the saved offset. The change moves tables to other
 * lanes, and lanes do not wait for each other. So everything that was sent must lie before the
 * offset and be delivered, and nothing may be parked that later changes must follow.
 */
export function layoutStep(
  { isSettled, lanes }: Pick<Offset, "isSettled" | "lanes">,
  progress: ReadonlyMap<number, LaneProgress>,
): LayoutStep {
  if (isSettled !== true) {
    return { kind: "keep", why: "the previous reader did not end at a saved offset" };
  }
  const troubled = new Set([...progress.values()].flatMap((lane) => [...lane.troubled]));
  if (troubled.size > 0) {
    return { kind: "keep", why: `messages may be parked for ${[...troubled].join(", ")}` };
  }
  const waiting = waitingLanes(lanes, progress);
  return waiting.length === 0 ? { kind: "change" } : { kind: "wait", lanes: waiting };
}

/** The lanes that are not delivered up to the last position sent. */
export function waitingLanes(
  sent: ReadonlyMap<number, PositionText>,
  progress: ReadonlyMap<number, LaneProgress>,
): number[] {
  return [...sent]
    .filter(([lane, last]) => last > (progress.get(lane)?.delivered ?? ""))
    .map(([lane]) => lane);
}

/** The last row number that a position can have. */
const LAST_ROW = 9_999_999_999;

/**
 * Whether nothing beyond an offset was sent, provided that everything sent is acknowledged.
 *
 * @param unsure the position up to which an earlier reader may have sent changes beyond its saved
 *   offset; null when it cannot have
 */
export function settledAt(offset: Offset, unsure: BinlogPosition | null): boolean {
  const reached = binlogPosition(offset);
  if (unsure !== null && isBefore(reached, unsure)) return false;
  const { fileNumber: file, offset: at } = reached;
  // Rows of a snapshot may stand at the offset itself, between two transactions.
  const end = formatPosition({ epoch: offset.epoch, file, offset: at, row: LAST_ROW });
  return [...offset.lanes.values()].every((sent) => sent <= end);
}

/** An offset from which on this number of lanes is used. */
export function withLanes(offset: Offset, laneCount: number): Offset {
  if (offset.laneCount === null || offset.laneCount === laneCount) return { ...offset, laneCount };
  const { fileNumber: file, offset: at } = binlogPosition(offset);
  const lanesSince = formatPosition({ epoch: offset.epoch, file, offset: at, row: 0 });
  return { ...offset, laneCount, lanesSince };
}
