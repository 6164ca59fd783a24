import { setTimeout as delay } from "node:timers/promises";
import { isChainError } from "../ground/errors.ts";

/**
 * Pauses between attempts at one frame in one invocation. A frame that is given back waits for its
 * visibility timeout, most of a minute.
 */
const PAUSES_MS = [100, 300, 1000, 3000];
/**
 * An attempt that meets trouble takes up to this long; with less time left the frame is given back.
 */
const ATTEMPT_MS = 12_000;

export interface TryAgainOptions {
  readonly remainingMs: () => number;
  readonly onFailure: (error: unknown) => void;
}

/**
 * Attempts something that may be repeated safely until it succeeds: what is away for a second does
 * not make its lane wait for most of a minute. A gap is not tried again: nothing that this
 * invocation does can close it. Throws the last attempt's error.
 */
export async function tryAgain<Result>(
  attempt: () => Promise<Result>,
  { remainingMs, onFailure }: TryAgainOptions,
): Promise<Result> {
  for (const pauseMs of PAUSES_MS) {
    try {
      return await attempt();
    } catch (error) {
      if (isChainError(error) || remainingMs() < pauseMs + ATTEMPT_MS) throw error;
      onFailure(error);
    }
    await delay(pauseMs);
  }
  return await attempt();
}
