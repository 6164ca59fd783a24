import type { BenchmarkRun, Target } from "../benchmark.ts";
import { medianPair, type Pair } from "../pairs.ts";
import type { Workload } from "../read/workloads.ts";
import { MissingToolError } from "./build-peer.ts";
import type { Stretch } from "./programs.ts";

/** An odd number. Fewer than in `read`: Debezium takes half a minute for a drain. */
const ROUNDS = 3;

/** A workload's binlog file, from its beginning. */
export interface WorkloadStretch extends Stretch, Workload {}

/** A program that drains a workload; returns rows per second. */
export interface Program {
  readonly name: string;
  readonly drain: (stretch: WorkloadStretch) => Promise<number>;
  /** For the reader's ratio to it. */
  readonly target?: Target;
  /** It drains each workload in the first round only. */
  readonly isSlow?: true;
}

/**
 * In each round every program drains the workload once: the first peer, the reader, the other
 * peers; every other round in the reverse order. Slow ones take part in the first round only. Takes
 * a peer out of `peers` that cannot be built.
 */
export async function compareDrains(
  { quick, signal, report, progress }: BenchmarkRun,
  {
    stretch,
    reader,
    peers,
  }: {
    readonly stretch: WorkloadStretch;
    readonly reader: Program;
    readonly peers: Set<Program>;
  },
): Promise<void> {
  const rounds = quick ? 1 : ROUNDS;
  const rates = new Map<Program, number[]>();
  const [first = reader, ...others] = peers;
  for (const program of new Set([first, reader, ...others])) rates.set(program, []);
  for (let round = 1; round <= rounds; round++) {
    const turn = [...rates.keys()];
    for (const program of round % 2 === 0 ? turn.toReversed() : turn) {
      signal.throwIfAborted();
      if (program.isSlow === true && round > 1) continue;
      progress(`${stretch.name}, ${program.name}, round ${round} of ${rounds}`);
      try {
        rates.get(program)?.push(await program.drain(stretch));
      } catch (error) {
        signal.throwIfAborted();
        if (program === reader) throw error;
        rates.delete(program);
        // A peer that cannot be built is not tried again.
        if (error instanceof MissingToolError) peers.delete(program);
        progress(leftOut(program.name, stretch.name, error));
      }
    }
  }
  const ofReader = rates.get(reader) ?? [];
  rates.delete(reader);
  for (const [{ name, target }, ofPeer] of rates) {
    const pairs = ofReader.flatMap((value, round): Pair[] => {
      const beside = ofPeer[round];
      return beside === undefined ? [] : [{ value, beside }];
    });
    const { value, beside } = medianPair(pairs);
    report({
      work: stretch.name,
      name: reader.name,
      value,
      unit: "rows/s",
      beside: { name, value: beside },
      ...(target !== undefined && { target }),
      rounds: pairs,
    });
  }
}

/** The sentence about a peer that is missing in the figures of some work. */
export function leftOut(peer: string, work: string, error: unknown): string {
  return `${peer} is left out of ${work}: ${error instanceof Error ? error.message : String(error)}`;
}
