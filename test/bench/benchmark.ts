import type { Pair } from "./pairs.ts";
import type { SharedStack } from "./shared-stack.ts";

/** The bound for a figure or, when the figure stands beside another one, for their ratio. */
export type Target = { readonly atLeast: number } | { readonly atMost: number };

/** One row of the table of figures. */
export interface Figure {
  /** The work, such as "bulk inserts" or "100 transactions/s, idle". */
  readonly work: string;
  /** What was measured, such as "reader" or "delay p99". */
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** A figure of the same run in the same unit, for comparison. */
  readonly beside?: { readonly name: string; readonly value: number };
  readonly target?: Target;
  /** What each round measured, where `value` and `beside` are those of one of several rounds. */
  readonly rounds?: readonly Pair[];
}

/** The parameters and services of a benchmark's run. */
export interface BenchmarkRun {
  /** Small amounts, which show that everything runs; the figures mean little. */
  readonly quick: boolean;
  /** The seed of random data. */
  readonly seed: number;
  /** How many hours the soak lasts. */
  readonly hours: number;
  readonly signal: AbortSignal;
  /**
   * Returns the stack that the benchmarks of a run share, like that of `npm start -- --no-demo`.
   * The first call starts it.
   */
  readonly stack: () => Promise<SharedStack>;
  readonly report: (figure: Figure) => void;
  /** Shows what is being done now. */
  readonly progress: (text: string) => void;
}

/** Throws when something does not work, but not because the machine is slow. */
export type Benchmark = (run: BenchmarkRun) => Promise<void>;

/** The value to compare with the target. */
export function measured({ value, beside }: Figure): number {
  return beside === undefined ? value : value / beside.value;
}

/** Whether a figure reaches its target; null when it has none. */
export function isMet(figure: Figure): boolean | null {
  const { target } = figure;
  if (target === undefined) return null;
  return "atLeast" in target
    ? measured(figure) >= target.atLeast
    : measured(figure) <= target.atMost;
}
