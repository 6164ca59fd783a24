import type { Trouble } from "../failures/parked.ts";
import type { Sender } from "../delivery/queue-sender.ts";

/** A queue counts as silent if a send failed after at least this time, milliseconds. */
const SILENT_MS = 5000;

/**
 * Wraps a sender so that it tries a silent queue only once. Many streams may wait for the same
 * queue: those of its lanes, and those of connections that have become known. Each would occupy a
 * slot for the whole timeout while other environments wait. The wrapper is used for one invocation,
 * so the next invocation tries the queue again.
 */
export function askingSilentOnce(
  sender: Sender,
  now: () => number = () => performance.now(),
): Sender {
  const silent = new Map<string, Trouble>();
  return {
    async send(queueName, messages) {
      const known = silent.get(queueName);
      if (known !== undefined) return { kind: "trouble", trouble: known, unsent: messages };
      const startedAt = now();
      const result = await sender.send(queueName, messages);
      const isSilent = now() - startedAt >= SILENT_MS;
      if (isSilent && result.kind === "trouble" && result.trouble.reason === "queue-unavailable") {
        silent.set(queueName, result.trouble);
      }
      return result;
    },
  };
}
