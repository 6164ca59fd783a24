import { setTimeout as delay } from "node:timers/promises";
import { isChainError } from "../ground/errors.ts";

/**
 * The pauses between attempts at one frame in one invocation. A frame that is returned to the queue
 * waits for its visibility timeout, most of a minute.
 */
const PAUSES_MS = [100, 300, 1000, 3000];
/**
 * The maximum duration of a failing attempt. With less time left, the frame is returned to the
 * queue.
 */
const ATTEMPT_MS = 12_000;

export interface TryAgainOptions {
  readonly remainingMs: () => number;
  readonly onFailure: (error: unknown) => void;
}

/**
 * Repeats `attempt`, which must be safe to repeat, until it succeeds, so that a short outage does
 * not make the lane wait for most of a minute. A gap is not tried again, because this invocation
 * cannot close it. Throws the last attempt's error.
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
