import type { Sender } from "../../../functions/delivery/queue-sender.ts";
import type { RetryRuntime } from "../../../functions/retry/retry-handler.ts";

/**
 * One send of a queue's messages of some frames, from the call to the last answer: the time for
 * which the lane waited for this queue.
 */
export interface WatchedSend {
  readonly queueName: string;
  readonly kind: "sent" | "trouble";
  readonly ms: number;
  /** Milliseconds since 1970. */
  readonly endedAt: number;
}

/** A copy of the runtime that records its sends. */
export function watchSends(runtime: RetryRuntime): { runtime: RetryRuntime; sends: WatchedSend[] } {
  const sends: WatchedSend[] = [];
  const sender: Sender = {
    async send(queueName, messages) {
      const begin = performance.now();
      const result = await runtime.effects.sender.send(queueName, messages);
      const ms = performance.now() - begin;
      sends.push({ queueName, kind: result.kind, ms, endedAt: Date.now() });
      return result;
    },
  };
  return { runtime: { ...runtime, effects: { ...runtime.effects, sender } }, sends };
}
