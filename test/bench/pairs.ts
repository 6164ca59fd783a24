/** The results of two programs in one round. */
export interface Pair {
  readonly value: number;
  readonly beside: number;
}

/**
 * The round whose ratio is the median. Both programs of a round ran on the same machine within the
 * same minutes, so their ratio compares them. A single lucky or unlucky round does not count.
 */
export function medianPair(rounds: readonly Pair[]): Pair {
  const sorted = rounds.toSorted((a, b) => a.value / a.beside - b.value / b.beside);
  const median = sorted[sorted.length >> 1];
  if (median === undefined) throw new RangeError("no rounds");
  return median;
}
