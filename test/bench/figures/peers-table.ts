import { ratioText, rounded } from "../report.ts";
import { figuresOf, type FiguresRecord } from "./record.ts";

/** The words of the table in a language. */
interface Words {
  readonly reader: string;
  readonly caption: (record: FiguresRecord, rounds: number) => string;
  readonly work: (name: string) => string;
}

export const ENGLISH: Words = {
  reader: "binlog-router's reader",
  work: (name) => name,
  caption: ({ startedAt, machine }, rounds) =>
    `Rows a second, and how many times as fast as each other program the reader is: the median of ${rounds} rounds, and the least and greatest one. Measured on ${startedAt.slice(0, 10)} (${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, MySQL ${machine.mysql}).`,
};

const CHINESE_WORK = new Map([
  ["bulk inserts, 200 rows a statement", "批量插入，每条语句 200 行"],
  ["one-row transactions", "单行事务"],
  ["wide rows, 60 columns", "60 列的宽行"],
  ["updates, 200 rows a statement", "更新，每条语句 200 行"],
]);

export const CHINESE: Words = {
  reader: "binlog-router 的 reader",
  work(name) {
    const chinese = CHINESE_WORK.get(name);
    if (chinese === undefined) throw new RangeError(`no Chinese for the workload "${name}"`);
    return chinese;
  },
  caption: ({ startedAt, machine }, rounds) =>
    `reader 每秒的行数，以及它是其他每个程序的多少倍：${rounds} 轮的中位数，括号里是最小和最大的一轮。测于 ${startedAt.slice(0, 10)}（${machine.cpu}，${machine.cores} 核，Node ${machine.node}，MySQL ${machine.mysql}）。`,
};

/** The table of a run of `npm run bench -- --only peers` in Markdown: a row for each workload. */
export function peersTable(record: FiguresRecord, words: Words): string {
  const figures = figuresOf(record, "peers");
  const peers = [...new Set(figures.map(({ beside }) => beside?.name ?? ""))];
  const rows = [...Map.groupBy(figures, ({ work }) => work)].map(([work, each]) => {
    const rates = each[0]?.rounds?.map(({ value }) => value).sort((a, b) => a - b) ?? [];
    const cells = peers.map((peer) => {
      const { ratio, rounds } = each.find(({ beside }) => beside?.name === peer) ?? {};
      return ratio === undefined ? "–" : ratioText(ratio, rounds);
    });
    return line([words.work(work), rounded(rates[rates.length >> 1] ?? NaN), ...cells]);
  });
  const rounds = Math.max(...figures.map((figure) => figure.rounds?.length ?? 1));
  return [
    words.caption(record, rounds),
    "",
    line(["", words.reader, ...peers.map(shortName)]),
    line(["---", "---:", ...peers.map(() => "---:")]),
    ...rows,
  ].join("\n");
}

/** Without what the program does with a row: "go-mysql 1.16.0 canal, JSON lines". */
function shortName(peer: string): string {
  return peer.replace(/(,| \+ ).*/, "");
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}
