import { Command, InvalidArgumentError, Option } from "commander";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { forEachLimited } from "../../functions/ground/concurrency.ts";
import { findMysql } from "../../infra/local/mysql/find-mysql.ts";
import { showProgress } from "../../infra/local/mysql/progress.ts";
import type { Benchmark, Figure } from "./benchmark.ts";
import { benchClient } from "./client/client-throughput.ts";
import { benchConsole } from "./console/console.ts";
import { benchDelay } from "./delay/delay.ts";
import { benchFilters } from "./filters/filters.ts";
import { benchGrowth } from "./growth/growth.ts";
import { benchMemory } from "./memory/memory.ts";
import { benchPeers } from "./peers/peers.ts";
import { benchRead } from "./read/read.ts";
import { benchDeliver } from "./deliver/deliver.ts";
import { benchRequests } from "./requests/requests.ts";
import { benchKeys } from "./keys/keys.ts";
import { benchLanes } from "./lanes/lanes.ts";
import { benchSnapshot } from "./snapshot/snapshot.ts";
import { benchSoak } from "./soak/soak.ts";
import { benchStart } from "./start/start.ts";
import { type BenchmarkResult, type Report, table, thisMachine, withVerdict } from "./report.ts";
import { SHARED, type SharedStack, startStack } from "./shared-stack.ts";

/**
 * In this order: benchmarks that need the machine to themselves come before those that share a
 * stack, which ages from benchmark to benchmark.
 */
const BENCHMARKS: Readonly<Record<string, Benchmark>> = {
  client: benchClient,
  read: benchRead,
  start: benchStart,
  filters: benchFilters,
  growth: benchGrowth,
  lanes: benchLanes,
  keys: benchKeys,
  delay: benchDelay,
  deliver: benchDeliver,
  requests: benchRequests,
  memory: benchMemory,
  console: benchConsole,
  snapshot: benchSnapshot,
  soak: benchSoak,
  peers: benchPeers,
};

/** Benchmarks that run only when they are named. */
const ONLY_NAMED: ReadonlySet<string> = new Set(["console", "snapshot", "soak", "peers"]);

/**
 * Benchmarks that share a stack, where two at once would take each other's messages. Each of the
 * others has a stack of its own, or none.
 */
const ON_SHARED_STACK: ReadonlySet<string> = new Set([
  "delay",
  "deliver",
  "requests",
  "memory",
  "console",
  "snapshot",
  "soak",
]);

/** How many benchmarks run side by side with --quick, whose figures mean nothing. */
const QUICK_AT_ONCE = 3;

const EPILOGUE = `
Compare figures of one run with each other only: machines differ, and so does their load from hour to hour.

Exit code: 0 when all benchmarks ran, whatever they measured; 1 when one failed.`;

interface Options {
  readonly only?: readonly string[];
  readonly quick?: boolean;
  readonly json?: boolean;
  readonly hours: number;
  readonly output: string;
  readonly seed: number;
}

const options = new Command("npm run bench --")
  .description("Measures binlog-router on this machine: a real MySQL server, and stand-ins of AWS.")
  .addOption(
    new Option(
      "--only <names...>",
      "only these benchmarks; console, snapshot, soak and peers run only when they are named",
    ).choices(Object.keys(BENCHMARKS)),
  )
  .option("--quick", "small amounts: shows that everything runs, without useful figures")
  .option("--hours <number>", "how long the soak takes; may be a fraction", hoursOf, 2)
  .option("--json", "print JSON instead of tables")
  .option("--output <file>", "where the same JSON is written", ".local/bench.json")
  .option(
    "--seed <number>",
    "of the random texts in the rows that read drains",
    wholeNumber,
    20_261_120,
  )
  .addHelpText("after", EPILOGUE)
  .allowExcessArguments(false)
  .showHelpAfterError()
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
  .parse()
  .opts<Options>();

process.exitCode = await main(options);

async function main({
  only,
  quick = false,
  json = false,
  hours,
  output,
  seed,
}: Options): Promise<number> {
  const startedAt = new Date();
  const stop = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => stop.abort());
  let stack: Promise<SharedStack> | undefined;
  const results: BenchmarkResult[] = [];
  try {
    const mysql = await findMysql({ progress: showProgress(process.stderr), signal: stop.signal });
    const runOne = async (name: string, benchmark: Benchmark): Promise<void> => {
      stop.signal.throwIfAborted();
      const began = performance.now();
      const figures: Figure[] = [];
      await benchmark({
        quick,
        seed,
        hours,
        signal: stop.signal,
        stack: () => (stack ??= startStack(SHARED)),
        report: (figure) => figures.push(figure),
        progress: (text) => progress(`${name}: ${text}`),
      });
      const result = {
        benchmark: name,
        seconds: Math.round((performance.now() - began) / 1000),
        figures: figures.map(withVerdict),
      };
      results.push(result);
      if (!json) console.log(`${name} (${result.seconds} s)\n${table(result)}\n`);
    };
    const wanted = Object.entries(BENCHMARKS).filter(([name]) =>
      only === undefined ? !ONLY_NAMED.has(name) : only.includes(name),
    );
    await forEachLimited(inTurns(wanted, quick), QUICK_AT_ONCE, async (turn) => {
      try {
        for (const [name, benchmark] of turn) await runOne(name, benchmark);
      } catch (error) {
        stop.abort();
        throw error;
      }
    });
    const report: Report = {
      startedAt: startedAt.toISOString(),
      seconds: Math.round((Date.now() - startedAt.getTime()) / 1000),
      quick,
      seed,
      machine: thisMachine(mysql.version),
      benchmarks: results,
    };
    await mkdir(dirname(resolve(output)), { recursive: true });
    await writeFile(output, `${JSON.stringify(report, null, 2)}\n`);
    console.log(json ? JSON.stringify(report, null, 2) : summary(report, output));
    return 0;
  } catch (error) {
    console.error(error);
    return 1;
  } finally {
    await (await stack?.catch(() => undefined))?.[Symbol.asyncDispose]();
  }
}

/** Lists of benchmarks that run one after the other; the lists run side by side. */
function inTurns(
  wanted: readonly [string, Benchmark][],
  quick: boolean,
): readonly (readonly [string, Benchmark][])[] {
  if (!quick) return [wanted];
  const shared = wanted.filter(([name]) => ON_SHARED_STACK.has(name));
  const apart = wanted.filter(([name]) => !ON_SHARED_STACK.has(name));
  return [shared, ...apart.map((one) => [one])];
}

function summary({ machine, seconds, seed, quick, benchmarks }: Report, output: string): string {
  const figures = benchmarks.flatMap(({ figures: some }) => some);
  const judged = figures.filter(({ met }) => met !== undefined);
  const missed = judged.filter(({ met }) => met === false);
  const facts = Object.entries(machine).map(([name, value]) => `${name} ${value}`);
  return [
    `${facts.join(", ")}; seed ${seed}; ${seconds} s`,
    `${judged.length - missed.length} of ${judged.length} targets met${quick ? " (--quick gives no useful figures)" : ""}; all figures are in ${output}`,
  ].join("\n");
}

function progress(text: string): void {
  console.error(text);
}

function hoursOf(text: string): number {
  const hours = Number(text);
  if (!(hours > 0)) throw new InvalidArgumentError("expected a number of hours");
  return hours;
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(number))
    throw new InvalidArgumentError("expected a whole number");
  return number;
}
