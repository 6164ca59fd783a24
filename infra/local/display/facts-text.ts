import type { Facts } from "../console/facts/facts.ts";
import { headline } from "../console/facts/headline.ts";
import { count, duration } from "./format.ts";

/** The state of source, reader and raw queue, one text each. */
export function stateTexts({ source, reader, raw }: Facts): string[] {
  const reads =
    reader === null ? "no reader answers" : `reader ${reader.state}, lag ${duration(reader.lagMs)}`;
  const frames = raw.counts === null ? "missing" : count(raw.counts.visible + raw.counts.inFlight);
  return [
    `MySQL ${source.version} ${source.state === "elsewhere" ? "" : source.state}`.trimEnd(),
    reads,
    `raw queue ${frames}${(raw.dead ?? 0) > 0 ? `, dead letters ${raw.dead}` : ""}`,
  ];
}

/** What is wrong now, the worst first, each with its heading in the runbook. Empty: all is well. */
export function findingTexts(facts: Facts): string[] {
  return headline(facts).findings.map(({ text, heading }) =>
    heading === null ? text : `${text} Runbook: ${heading}`,
  );
}
