import Table from "cli-table3";
import { cpus, release, totalmem, type } from "node:os";
import { isMet, measured, type Figure, type Target } from "./benchmark.ts";
import type { Pair } from "./pairs.ts";

/** All results of a run, as written to a file. */
export interface Report {
  readonly startedAt: string;
  readonly seconds: number;
  readonly quick: boolean;
  readonly seed: number;
  readonly machine: Readonly<Record<string, string | number>>;
  readonly benchmarks: readonly BenchmarkResult[];
}

export interface BenchmarkResult {
  readonly benchmark: string;
  readonly seconds: number;
  readonly figures: readonly (Figure & { readonly ratio?: number; readonly met?: boolean })[];
}

/** This machine, and the versions of Node.js and MySQL. */
export function thisMachine(mysql: string): Report["machine"] {
  const [cpu] = cpus();
  return {
    cpu: cpu?.model ?? "unknown",
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 1e9),
    system: `${type()} ${release()} ${process.arch}`,
    node: process.versions.node,
    mysql,
  };
}

/** A figure for the file: with its ratio, and whether it meets its target. */
export function withVerdict(figure: Figure): BenchmarkResult["figures"][number] {
  const met = isMet(figure);
  return {
    ...figure,
    ...(figure.beside !== undefined && { ratio: measured(figure) }),
    ...(met !== null && { met }),
  };
}

/** One benchmark's figures as a table for a terminal. */
export function table({ figures }: Pick<BenchmarkResult, "figures">): string {
  const rows = new Table({
    head: ["work", "", "measured", "beside", "ratio", "target", ""],
    style: { head: [], border: [], compact: true },
    colAligns: ["left", "left", "right", "right", "right", "right", "left"],
  });
  for (const { work, name, value, unit, beside, ratio, rounds, target, met } of figures) {
    rows.push([
      work,
      name,
      `${rounded(value)} ${unit}`,
      beside === undefined ? "" : `${beside.name} ${rounded(beside.value)}`,
      ratio === undefined ? "" : ratioText(ratio, rounds),
      target === undefined ? "" : targetText(target, unit, ratio !== undefined),
      met === undefined ? "" : met ? "met" : "MISSED",
    ]);
  }
  return rows.toString();
}

/** The ratio, and the least and greatest one of the rounds, such as "1.97 × (1.91–2.04)". */
export function ratioText(ratio: number, rounds: readonly Pair[] = []): string {
  const sorted = rounds.map(({ value, beside }) => value / beside).sort((a, b) => a - b);
  const [least, most] = [sorted.at(0), sorted.at(-1)].map((each) => each?.toFixed(2));
  return `${ratio.toFixed(2)} ×${sorted.length > 1 ? ` (${least}–${most})` : ""}`;
}

export function targetText(target: Target, unit: string, ofRatio: boolean): string {
  const [sign, value] = "atLeast" in target ? ["≥", target.atLeast] : ["≤", target.atMost];
  return `${sign} ${value} ${ofRatio ? "×" : unit}`;
}

/** Rounds to about three significant digits, with separators between thousands. */
export function rounded(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString("en", { maximumFractionDigits: digits });
}
