import * as z from "zod";

const count = z.number().nonnegative();

/** Requests to one kind of queue, and the bytes of the bodies of all messages sent to it. */
const queue = z.strictObject({ sends: count, receives: count, deletes: count, bytes: count });

/** Counts for a number of changes that went through the whole path at a steady rate. */
const point = z.strictObject({
  changesPerSecond: z.number().positive(),
  changes: z.int().positive(),
  /** The raw queue. */
  raw: queue,
  /** All environment queues of one subscriber; includes the application's receives and deletes. */
  environments: queue,
  /** Requests; every item is smaller than a unit (1 KB written, 4 KB read). */
  dynamodb: z.strictObject({ reads: count, writes: count }),
  /** Invocations, and their processor time, which excludes waiting. */
  route: z.strictObject({ invocations: count, milliseconds: count }),
});

/** The format of the file from which the cost table is computed. */
export const measurementSchema = z.strictObject({
  /** How, when and on what machine it was measured. */
  measured: z.string(),
  /** A description of a change. */
  change: z.string(),
  points: z.array(point).min(1),
});

export type Measurement = z.output<typeof measurementSchema>;
export type MeasuredPoint = Measurement["points"][number];

/**
 * The measured point for a rate: the fastest one that is not faster, or else the slowest one.
 * Frames are fuller under more load, so a slower point does not make a rate look cheaper than it
 * is.
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
