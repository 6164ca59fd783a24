import { ratioText, rounded, targetText } from "../report.ts";
import type { FiguresRecord, RecordedFigure } from "./record.ts";

/** Benchmarks whose figures are all shown; of the others, those with a target. */
const SHOWN_WHOLE = new Set(["client", "read", "lanes", "keys", "delay", "memory"]);

/** The table of a run of `npm run bench` in Markdown. */
export function limitsTable({ startedAt, seconds, machine, benchmarks }: FiguresRecord): string {
  const shown = benchmarks.flatMap(({ benchmark, figures }) =>
    figures
      .filter(({ target }) => target !== undefined || SHOWN_WHOLE.has(benchmark))
      .map((figure) => ({ benchmark, ...figure })),
  );
  const judged = shown.filter(({ met }) => met !== undefined);
  const met = judged.filter((figure) => figure.met === true);
  const command = `npm run bench -- --only ${benchmarks.map(({ benchmark }) => benchmark).join(" ")}`;
  return [
    `From one run of \`${command}\` on ${startedAt.slice(0, 10)} (${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, MySQL ${machine.mysql}, ${seconds} s), which met ${met.length} of ${judged.length} targets:`,
    "",
    "| benchmark | work | figure | measured | beside | target |",
    "| --- | --- | --- | ---: | --- | --- |",
    ...shown.map((figure) => row(figure)),
  ].join("\n");
}

function row({
  benchmark,
  work,
  name,
  value,
  unit,
  beside,
  ratio,
  rounds,
  target,
  met,
}: RecordedFigure & { readonly benchmark: string }): string {
  const compared =
    beside === undefined || ratio === undefined
      ? ""
      : `${ratioText(ratio, rounds)} ${beside.name} (${rounded(beside.value)})`;
  const judged =
    target === undefined
      ? ""
      : `${targetText(target, unit, ratio !== undefined)}${met === true ? "" : ", missed"}`;
  const cells = [`\`${benchmark}\``, work, name, `${rounded(value)} ${unit}`, compared, judged];
  return `| ${cells.join(" | ")} |`;
}
