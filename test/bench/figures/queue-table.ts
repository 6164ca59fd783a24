import { ROUTER, ROUTER_SOONER, UNITS, WORKS } from "../peers/works.ts";
import { rounded } from "../report.ts";
import { line } from "./markdown.ts";
import { figuresOf, type FiguresRecord, type RecordedFigure } from "./record.ts";

/** The words of the table in a language. */
export interface QueueWords {
  readonly caption: string;
  /** The heads of the columns. */
  readonly works: Readonly<Record<keyof typeof WORKS, string>>;
  readonly outOfOrder: (percent: string) => string;
}

/**
 * What a run measured through SQS, and the delay to the reader's callback: a row for each program.
 * Null when it measured nothing of it.
 */
export function queueTable(record: FiguresRecord, words: QueueWords): string | null {
  const all = Object.values<string>(WORKS);
  const figures = figuresOf(record, "peers").filter(({ work }) => all.includes(work));
  const works = (Object.keys(WORKS) as (keyof typeof WORKS)[]).filter((key) =>
    figures.some(({ work }) => work === WORKS[key]),
  );
  if (works.length === 0) return null;
  const programs = [...Map.groupBy(figures, ({ name }) => name)].sort(
    ([one], [other]) => Number(isRouter(other)) - Number(isRouter(one)),
  );
  return [
    words.caption,
    "",
    line(["", ...works.map((key) => words.works[key])]),
    line(["---", ...works.map(() => "---:")]),
    ...programs.map(([program, each]) =>
      line([program, ...works.map((key) => cell(of(each, WORKS[key]), words))]),
    ),
  ].join("\n");
}

/** Whether the figures of this name are the router's, with whatever setting. */
function isRouter(name: string): boolean {
  return name === ROUTER || name === ROUTER_SOONER;
}

function of(figures: readonly RecordedFigure[], work: string): readonly RecordedFigure[] {
  return figures.filter((figure) => figure.work === work);
}

/** "1,580, 63 % out of order", or the delay's "17 / 29"; "–" where nothing was measured. */
function cell(figures: readonly RecordedFigure[], { outOfOrder }: QueueWords): string {
  const values = (...units: string[]): readonly number[] =>
    units.flatMap((unit) => figures.find((each) => each.unit === unit)?.value ?? []);
  const [rate] = values(UNITS.rate);
  if (rate === undefined) return values(UNITS.p50, UNITS.p99).map(rounded).join(" / ") || "–";
  const [disorder = 0] = values(UNITS.disorder);
  return disorder === 0 ? rounded(rate) : `${rounded(rate)}, ${outOfOrder(rounded(disorder))}`;
}
