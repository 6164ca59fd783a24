/**
 * One press of Ctrl-C arrives twice: the terminal signals the whole process group, and npm passes
 * its own copy on. A supervisor that signals the group causes the same. Signals this close to the
 * first one are the same request.
 */
const SAME_REQUEST_MS = 1_000;

/**
 * What a signal asks for: to stop in order, nothing new, or, when a person asks again later, to end
 * at once.
 *
 * @param sinceFirstMs the time since the first signal; null for the first one
 */
export function stopRequest(sinceFirstMs: number | null): "stop" | "repeat" | "end" {
  if (sinceFirstMs === null) return "stop";
  return sinceFirstMs < SAME_REQUEST_MS ? "repeat" : "end";
}
