import { expect, it } from "vitest";
import type { Figure } from "../../bench/benchmark.ts";
import { peersTables } from "../../bench/figures/peers-table.ts";
import type { FiguresRecord } from "../../bench/figures/record.ts";
import { CHINESE, ENGLISH } from "../../bench/figures/words.ts";
import {
  delayFigures,
  ROUTER,
  ROUTER_SOONER,
  throughputFigures,
  WORKS,
} from "../../bench/peers/works.ts";
import { withVerdict } from "../../bench/report.ts";

const BULK = "bulk inserts, 200 rows a statement";
const DRAINS: readonly Figure[] = [
  drain("zongji + JSON.stringify", [200, 100, 50]),
  drain("mysqlbinlog --raw", [4000, 2000, 1000]),
];
const THROUGH_SQS: readonly Figure[] = [
  ...delayFigures(WORKS.callback, "zongji", [0.7, 0.7, 9]),
  ...throughputFigures(WORKS.bulk, "Maxwell 1.22.6", {
    rows: 1000,
    disordered: 625,
    rowsPerSecond: 1580.4,
  }),
  ...throughputFigures(WORKS.bulk, ROUTER, {
    rows: 1000,
    disordered: 0,
    rowsPerSecond: 76_000,
  }),
  ...delayFigures(WORKS.callback, ROUTER_SOONER, [1.5, 1.5, 4]),
];

it("shows the reader's rates, and its ratio to each program with the range of the rounds", () => {
  expect(rowsOf(peersTables(recordOf(DRAINS), ENGLISH))).toEqual([
    ["", BULK],
    ["---", "---:"],
    ["binlog-router's reader, rows/s", "200"],
    ["zongji", "2.00 × (1.00–4.00)"],
    ["the server's limit (`mysqlbinlog --raw`)", "0.10 × (0.05–0.20)"],
  ]);
});

it("shows the way through SQS, the router first, with what came out of order", () => {
  expect(rowsOf(peersTables(recordOf([...DRAINS, ...THROUGH_SQS]), ENGLISH)).slice(5)).toEqual([
    ["", "200-row transactions, changes/s", "delay to the callback, ms"],
    ["---", "---:", "---:"],
    ["binlog-router", "76,000", "–"],
    ["binlog-router (delayMs=5)", "–", "1.5 / 4"],
    ["zongji", "–", "0.7 / 9"],
    ["Maxwell 1.22.6", "1,580, 62.5 % out of order", "–"],
  ]);
});

it("has the same rows in Chinese", () => {
  const record = recordOf([...DRAINS, ...THROUGH_SQS]);
  const [english, chinese] = [ENGLISH, CHINESE].map((words) => rowsOf(peersTables(record, words)));
  expect(chinese?.map((cells) => cells.length)).toEqual(english?.map((cells) => cells.length));
  expect(chinese?.at(-1)).toEqual(["Maxwell 1.22.6", "1,580, 62.5% 乱序", "–"]);
});

/** The reader drained 200 rows a second in each round. */
function drain(name: string, peer: readonly [number, number, number]): Figure {
  return {
    work: BULK,
    name: "reader, JSON frames",
    value: 200,
    unit: "rows/s",
    beside: { name, value: peer[1] },
    rounds: peer.map((beside) => ({ value: 200, beside })),
  };
}

function recordOf(figures: readonly Figure[]): FiguresRecord {
  return {
    startedAt: "2026-11-29T12:00:00.000Z",
    seconds: 1,
    quick: false,
    seed: 1,
    machine: { cpu: "a CPU", cores: 2, memoryGb: 8, system: "Linux", node: "24", mysql: "9" },
    benchmarks: [{ benchmark: "peers", seconds: 1, figures: figures.map(withVerdict) }],
  };
}

function rowsOf(markdown: string): string[][] {
  return markdown
    .split("\n")
    .filter((text) => text.startsWith("|"))
    .map((text) => text.slice(2, -2).split(" | "));
}
