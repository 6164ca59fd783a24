/** How long AWS may send nothing, milliseconds. The longest poll of a queue takes 5 seconds. */
const SILENCE_MS = 20_000;

/**
 * Settings of a client of AWS that gives an attempt at a call up, with a TimeoutError, when nothing
 * arrives in that time. By default, the SDK waits without an end.
 */
export function withPatience(silenceMs: number = SILENCE_MS) {
  return { requestHandler: { connectionTimeout: 5000, socketTimeout: silenceMs } };
}
