import { formatPosition, type PositionText } from "../../wire/position.ts";
import { type BinlogPosition, isBefore } from "../transactions/binlog-position.ts";
import { binlogPosition, type Offset } from "./offset.ts";

/** What the route function says of a lane. */
export interface LaneProgress {
  /** Up to where the lane was delivered; null before its first frame. */
  readonly delivered: PositionText | null;
  /** Queues for which something of the lane may be parked. */
  readonly troubled: ReadonlySet<string>;
}

/**
 * `wait`: frames of these lanes have not been delivered yet. `keep`: the present number of lanes
 * stays in use.
 */
export type LayoutStep =
  | { readonly kind: "change" }
  | { readonly kind: "wait"; readonly lanes: readonly number[] }
  | { readonly kind: "keep"; readonly why: string };

/**
 * Whether another number of lanes may be used from the saved offset on. It moves tables to other
 * lanes, and lanes do not wait for each other. So everything that was sent must lie before the
 * offset, and be delivered, with nothing parked behind which later changes belong.
 */
export function layoutStep(
  { isSettled, lanes }: Pick<Offset, "isSettled" | "lanes">,
  progress: ReadonlyMap<number, LaneProgress>,
): LayoutStep {
  if (isSettled !== true) {
    return { kind: "keep", why: "the reader before this one did not end at a saved offset" };
  }
  const troubled = new Set([...progress.values()].flatMap((lane) => [...lane.troubled]));
  if (troubled.size > 0) {
    return { kind: "keep", why: `messages may be parked for ${[...troubled].join(", ")}` };
  }
  const waiting = waitingLanes(lanes, progress);
  return waiting.length === 0 ? { kind: "change" } : { kind: "wait", lanes: waiting };
}

/** Lanes that have not been delivered up to what they were sent. */
export function waitingLanes(
  sent: ReadonlyMap<number, PositionText>,
  progress: ReadonlyMap<number, LaneProgress>,
): number[] {
  return [...sent]
    .filter(([lane, last]) => last > (progress.get(lane)?.delivered ?? ""))
    .map(([lane]) => lane);
}

/**
 * Whether nothing was sent of what lies beyond an offset, when everything that was sent has been
 * acknowledged.
 *
 * @param unsure up to where an earlier reader may have sent what its offset does not say; null:
 *   nowhere
 */
export function settledAt(offset: Offset, unsure: BinlogPosition | null): boolean {
  const reached = binlogPosition(offset);
  if (unsure !== null && isBefore(reached, unsure)) return false;
  const { fileNumber: file, offset: at } = reached;
  const end = formatPosition({ epoch: offset.epoch, file, offset: at, row: 0 });
  return [...offset.lanes.values()].every((sent) => sent < end);
}
