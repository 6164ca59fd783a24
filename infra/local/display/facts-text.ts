import type { Facts } from "../console/facts/facts.ts";
import { headline } from "../console/facts/headline.ts";
import { count, duration } from "./format.ts";

/** What the display says when there is no finding. */
export const ALL_IS_WELL = "all is well; no alarm rings";

/** The state of source, reader and raw queue, one text each. */
export function stateTexts({ source, reader, raw }: Facts): string[] {
  const isGone = source.state === "ended" || source.state === "suspended";
  // The reader notices only after a while that the server is silent.
  const does = isGone && reader?.state === "streaming" ? "waits for MySQL" : reader?.state;
  const reads =
    reader === null ? "no reader answers" : `reader ${does}, lag ${duration(reader.lagMs)}`;
  const frames = raw.counts === null ? "missing" : count(raw.counts.visible + raw.counts.inFlight);
  return [
    `MySQL ${source.version} ${source.state === "elsewhere" ? "" : source.state}`.trimEnd(),
    reads,
    `raw queue ${frames}${(raw.dead ?? 0) > 0 ? `, dead letters ${raw.dead}` : ""}`,
  ];
}

/** What is wrong now, the worst first, each with its heading in the runbook. Empty: all is well. */
export function findingTexts(facts: Facts): string[] {
  return headline(facts).findings.map(({ text, heading }) => `${text} Runbook: ${heading}`);
}
