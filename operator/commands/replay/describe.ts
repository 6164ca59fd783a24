import { plural, time } from "../../shared/render.ts";
import type { Replay } from "./replay-items.ts";

/** A replay in the output of `--json`. Times are in ISO 8601. */
export type ReplayView = Omit<
  Replay,
  "bounds" | "epoch" | "life" | "startedMs" | "updatedMs" | "wanted"
> & {
  readonly startedAt: string;
  readonly updatedAt: string;
};

export function viewOf(replay: Replay): ReplayView {
  const { bounds: _, epoch: _e, life: _l, wanted: _w, startedMs, updatedMs, ...shown } = replay;
  return { ...shown, startedAt: time(startedMs), updatedAt: time(updatedMs) };
}

/** The result of a replay and what to do next, as text. */
export function replayText(replay: Replay): string {
  const { id, state, subscriber, environment, changes, messages, unknown, reason } = replay;
  const sent = `${plural(changes, "change")} in ${plural(messages, "message")} to ${subscriber} in ${environment}`;
  const lines = [`Replay ${id} is ${state}: it has sent ${sent}.`];
  if (unknown > 0)
    lines.push(
      `${plural(unknown, "change was", "changes were")} left out, because ${unknown === 1 ? "its" : "their"} author is not known for certain.`,
    );
  if (reason !== "") lines.push(`It stopped: ${reason}`);
  if (state === "paused" || state === "stopped")
    lines.push(`npm run replay -- resume ${id} continues it.`);
  return lines.join("\n");
}
