import type { SharedStack } from "./shared-stack.ts";

/**
 * What a figure should reach: the figure itself, or its ratio where it stands beside another one.
 */
export type Target = { readonly atLeast: number } | { readonly atMost: number };

/** One row of the table. */
export interface Figure {
  /** The work: "bulk inserts", "100 transactions/s, idle". */
  readonly work: string;
  /** What was measured of whom: "reader", "delay p99". */
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What was measured in the same run, in the same unit, to compare with. */
  readonly beside?: { readonly name: string; readonly value: number };
  readonly target?: Target;
}

/** What a benchmark works with. */
export interface BenchmarkRun {
  /** Small amounts, to see that everything runs; the figures mean little. */
  readonly quick: boolean;
  /** Of random data. */
  readonly seed: number;
  /** How long the soak takes. */
  readonly hours: number;
  readonly signal: AbortSignal;
  /**
   * One whole stack for all benchmarks of a run, as `npm start -- --no-demo` has it; started when
   * it is first asked for.
   */
  readonly stack: () => Promise<SharedStack>;
  readonly report: (figure: Figure) => void;
  /** Says what is being done just now. */
  readonly progress: (text: string) => void;
}

/** Throws when something does not work; a slow machine is no such thing. */
export type Benchmark = (run: BenchmarkRun) => Promise<void>;

/** The value beside which a target stands. */
export function measured({ value, beside }: Figure): number {
  return beside === undefined ? value : value / beside.value;
}

/** Whether a figure reaches its target; null: it has none. */
export function isMet(figure: Figure): boolean | null {
  const { target } = figure;
  if (target === undefined) return null;
  return "atLeast" in target
    ? measured(figure) >= target.atLeast
    : measured(figure) <= target.atMost;
}
