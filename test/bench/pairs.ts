/** What two programs reached in one round. */
export interface Pair {
  readonly value: number;
  readonly beside: number;
}

/**
 * The round whose ratio is the median of all. Machines differ, and so do their minutes; both
 * programs of a round had the same ones. A single lucky or unlucky round of either does not count.
 */
export function medianPair(rounds: readonly Pair[]): Pair {
  const sorted = rounds.toSorted((a, b) => a.value / a.beside - b.value / b.beside);
  const median = sorted[sorted.length >> 1];
  if (median === undefined) throw new RangeError("no rounds");
  return median;
}
