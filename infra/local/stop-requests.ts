/**
 * Signals within this time of the first one belong to the same request. One press of Ctrl-C arrives
 * twice: the terminal signals the whole process group, and npm passes its own copy on. A supervisor
 * that signals the group has the same effect.
 */
const SAME_REQUEST_MS = 1_000;

/**
 * What a signal requests: an orderly stop, nothing new, or, when a person presses Ctrl-C again
 * later, an immediate end.
 *
 * @param sinceFirstMs the time since the first signal; null for the first one
 */
export function stopRequest(sinceFirstMs: number | null): "stop" | "repeat" | "end" {
  if (sinceFirstMs === null) return "stop";
  return sinceFirstMs < SAME_REQUEST_MS ? "repeat" : "end";
}
