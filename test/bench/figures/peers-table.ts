import { shortName } from "../peers/programs.ts";
import { ratioText, rounded } from "../report.ts";
import { line } from "./markdown.ts";
import { figuresOf, type FiguresRecord } from "./record.ts";
import { queueTable, type QueueWords } from "./queue-table.ts";

/** The words of the tables in a language. */
export interface Words {
  readonly reader: string;
  readonly limit: string;
  readonly caption: (record: FiguresRecord, rounds: number) => string;
  readonly work: (name: string) => string;
  readonly queue: QueueWords;
}

/** The program that is the server's own limit. */
const LIMIT = "mysqlbinlog --raw";

/**
 * The tables of a run of `npm run bench -- --only peers` in Markdown: the drains of each workload,
 * a row for each program, and the way through SQS if the run has it.
 */
export function peersTables(record: FiguresRecord, words: Words): string {
  const queue = queueTable(record, words.queue);
  return [drainsTable(record, words), ...(queue === null ? [] : [queue])].join("\n\n");
}

function drainsTable(record: FiguresRecord, words: Words): string {
  const figures = figuresOf(record, "peers").filter(({ beside }) => beside !== undefined);
  const works = [...Map.groupBy(figures, ({ work }) => work)];
  const programs = [...new Set(figures.map(({ beside }) => beside?.name ?? ""))];
  const ofReader = works.map(([, each]) => {
    const rates = each[0]?.rounds?.map(({ value }) => value).sort((a, b) => a - b) ?? [];
    return rounded(rates[rates.length >> 1] ?? NaN);
  });
  const rows = programs.map((program) => [
    program === LIMIT ? words.limit : shortName(program),
    ...works.map(([, each]) => {
      const { ratio, rounds } = each.find(({ beside }) => beside?.name === program) ?? {};
      return ratio === undefined ? "–" : ratioText(ratio, rounds);
    }),
  ]);
  const rounds = Math.max(...figures.map((figure) => figure.rounds?.length ?? 1));
  return [
    words.caption(record, rounds),
    "",
    line(["", ...works.map(([work]) => words.work(work))]),
    line(["---", ...works.map(() => "---:")]),
    line([words.reader, ...ofReader]),
    ...rows.map(line),
  ].join("\n");
}
