import { stripVTControlCharacters } from "node:util";
import Table from "cli-table3";
import { parkedChanges } from "../console/facts/facts.ts";
import { ALL_IS_WELL, findingTexts, stateTexts } from "./facts-text.ts";
import { count, duration, problemLine, standStillText, uptime } from "./format.ts";
import type { Snapshot, StreamStatus } from "./snapshot.ts";
import { cut, wrap } from "./wrap.ts";

interface Column {
  readonly title: string;
  readonly cell: (stream: StreamStatus) => string;
  /** Columns with the highest value are left out first where the terminal is narrow; 0: kept. */
  readonly leftOut: number;
}

const COLUMNS: readonly Column[] = [
  { title: "environment", cell: ({ environment }) => environment, leftOut: 0 },
  { title: "subscriber", cell: ({ subscriber }) => subscriber, leftOut: 0 },
  { title: "written", cell: ({ written }) => count(written), leftOut: 2 },
  { title: "delivered", cell: ({ delivered }) => count(delivered), leftOut: 1 },
  { title: "routed", cell: routedText, leftOut: 3 },
  { title: "waiting", cell: ({ waiting }) => count(waiting), leftOut: 0 },
  { title: "parked", cell: ({ parked }) => count(parked), leftOut: 0 },
  { title: "dead", cell: ({ dead }) => count(dead), leftOut: 0 },
  { title: "newest delay", cell: ({ delayMs }) => duration(delayMs), leftOut: 4 },
];

/** Where a queue's name is cut in a narrow terminal. */
const SHORTEST_NAME = 8;

/** Columns that are filled by the demonstration only. */
const OF_DEMONSTRATION = new Set(["written", "delivered", "newest delay"]);

/**
 * The live display in a terminal: a table of the queues, and below it the state of the whole stack.
 * No line is wider than `width`; the texts below the table are wrapped, because the runbook's
 * heading is at the end of a finding.
 */
export function statusTable(snapshot: Snapshot, width = Infinity): string {
  const { streams, verdict } = snapshot;
  const columns = COLUMNS.filter(({ title }) => verdict !== null || !OF_DEMONSTRATION.has(title));
  return [
    ...streamLines(streams, columns, width),
    ...summary(snapshot).flatMap((line) => wrap(line, width)),
  ].join("\n");
}

/** The table with as many columns as fit; if even the fewest are too wide, without its frame. */
function streamLines(
  streams: readonly StreamStatus[],
  columns: readonly Column[],
  width: number,
): string[] {
  const lines = table(streams, columns).split("\n");
  if (widthOf(lines[0] ?? "") <= width) return lines;
  const most = Math.max(...columns.map(({ leftOut }) => leftOut));
  if (most === 0) return narrowLines(streams, columns.slice(2), width);
  return streamLines(
    streams,
    columns.filter(({ leftOut }) => leftOut < most),
    width,
  );
}

/** A line for each queue: its name, cut where it is too long, and the numbers of `columns`. */
function narrowLines(
  streams: readonly StreamStatus[],
  columns: readonly Column[],
  width: number,
): string[] {
  const numbers = columns.map(({ title, cell }) => {
    const cells = [title, ...streams.map(cell)];
    const most = Math.max(...cells.map((text) => text.length));
    return cells.map((text) => ` ${text.padStart(most)}`);
  });
  const names = [
    "queue",
    ...streams.map(({ environment, subscriber }) => `${environment}/${subscriber}`),
  ];
  const taken = numbers.reduce((sum, [title = ""]) => sum + title.length, 0);
  const room = Math.min(
    Math.max(...names.map((name) => name.length)),
    Math.max(SHORTEST_NAME, width - taken),
  );
  return names.map((name, row) =>
    cut(`${cut(name, room).padEnd(room)}${numbers.map((cells) => cells[row]).join("")}`, width),
  );
}

function table(streams: readonly StreamStatus[], columns: readonly Column[]): string {
  const drawn = new Table({
    head: columns.map(({ title }) => title),
    colAligns: columns.map((_, place) => (place < 2 ? "left" : "right")),
    style: { head: ["bold"], border: ["grey"], compact: true },
  });
  let previous: string | undefined;
  for (const stream of streams) {
    const [environment = "", ...cells] = columns.map(({ cell }) => cell(stream));
    drawn.push([environment === previous ? "" : environment, ...cells]);
    previous = environment;
  }
  return drawn.toString();
}

function routedText({ routed }: StreamStatus): string {
  return routed === null ? "no queue" : count(routed);
}

function summary(snapshot: Snapshot): string[] {
  const { uptimeMs, facts, attributions, verdict, standStillMs, problems } = snapshot;
  const lines = [
    stateTexts(facts).join(" · "),
    `running for ${uptime(uptimeMs)}, Ctrl-C stops everything`,
  ];
  if (attributions.length > 0) {
    const ways = attributions.map(([way, changes]) => `${way} ${count(changes)}`);
    lines.push(`authors found by: ${ways.join(", ")}`);
  }
  lines.push(`deliveries in failure records: ${count(parkedChanges(facts))}`);
  if (verdict !== null) {
    const { foreign, repeated, outOfOrder, parked, unattributed, faults } = verdict;
    lines.push(
      `foreign ${count(foreign)}, repeated ${count(repeated)}, out of order ${count(outOfOrder)}, ` +
        `parked: author unknown ${count(unattributed)}, queue in trouble ${count(parked - unattributed - faults)}` +
        (faults > 0 ? `, code failed ${count(faults)}` : ""),
    );
  }
  const findings = findingTexts(facts);
  if (findings.length === 0) lines.push(ALL_IS_WELL);
  lines.push(...findings.map((text) => `● ${text}`));
  if (standStillMs !== null) lines.push(standStillText(standStillMs));
  if (problems.last !== null) lines.push(problemLine(problems.count, problems.last));
  return lines;
}

function widthOf(line: string): number {
  return Array.from(stripVTControlCharacters(line)).length;
}
