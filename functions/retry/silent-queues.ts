import type { Trouble } from "../failures/parked.ts";
import type { Sender } from "../delivery/queue-sender.ts";

/** A queue that is given up after this time, milliseconds, is silent; others refuse at once. */
const SILENT_MS = 5000;

/**
 * A sender that asks a silent queue once. Many streams may wait for the same queue: those of its
 * lanes, and connections that are known by now. Each would hold a place for the whole patience,
 * while other environments wait for one. It serves one invocation; the next one asks again.
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
