const FIRST_SECONDS = 1;
const MOST_SECONDS = 900;

/**
 * Seconds until a message is tried again after its `receiveCount`th attempt: 1, 2, 4, … up to 15 minutes, each up to a
 * quarter shorter by chance, so that what failed together does not come back together.
 */
export function exponentialBackoff(
  receiveCount: number,
  random: () => number = Math.random,
): number {
  const seconds = Math.min(FIRST_SECONDS * 2 ** Math.min(receiveCount - 1, 30), MOST_SECONDS);
  return seconds * (1 - random() / 4);
}
