import { z } from "zod";

const count = z.number().nonnegative();

/** Requests to one kind of queue, and the bytes of all message bodies that were sent to it. */
const queue = z.strictObject({ sends: count, receives: count, deletes: count, bytes: count });

/** What was counted while a number of changes went through the whole path at a steady rate. */
const point = z.strictObject({
  changesPerSecond: z.number().positive(),
  changes: z.int().positive(),
  /** The raw queue. */
  raw: queue,
  /** All environment queues of one subscriber, its application's receives and deletes included. */
  environments: queue,
  /** Requests; every item is smaller than a unit (1 KB written, 4 KB read). */
  dynamodb: z.strictObject({ reads: count, writes: count }),
  /** Processor time, without the time in which the function waits. */
  route: z.strictObject({ invocations: count, milliseconds: count }),
});

/** The file that the cost table is computed from. */
export const measurementSchema = z.strictObject({
  /** How, when and on what machine. */
  measured: z.string(),
  /** What a change looked like. */
  change: z.string(),
  points: z.array(point).min(1),
});

export type Measurement = z.output<typeof measurementSchema>;
export type MeasuredPoint = Measurement["points"][number];

/**
 * The point that stands for a rate: the fastest one that is not faster. Frames fill up with load,
 * so a slower point never makes a rate look cheaper than it is. Below all points it is the slowest
 * one.
 */
export function pointFor(
  { points }: Pick<Measurement, "points">,
  changesPerSecond: number,
): MeasuredPoint {
  const sorted = points.toSorted((a, b) => a.changesPerSecond - b.changesPerSecond);
  const fitting = sorted.findLast((each) => each.changesPerSecond <= changesPerSecond) ?? sorted[0];
  if (fitting === undefined) throw new RangeError("a measurement without points");
  return fitting;
}
