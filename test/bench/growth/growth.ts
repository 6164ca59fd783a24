import type { Connection } from "mysql2/promise";
import { forEachLimited } from "../../../functions/ground/concurrency.ts";
import type { BenchmarkRun } from "../benchmark.ts";
import { startStack } from "../shared-stack.ts";
import type { Load } from "./load.ts";
import { GrowthRig } from "./rig.ts";
import { Series, type SeriesOptions } from "./series.ts";
import { environmentName, manyTable, ownTable, topology } from "./topology.ts";

const FULL = {
  environments: [1, 10, 100],
  connections: [10, 5000],
  tables: [10, 2000],
  backlog: 10_000,
  trickle: 75,
};
const QUICK: typeof FULL = {
  environments: [1, 5],
  connections: [10, 50],
  tables: [10, 50],
  backlog: 2000,
  trickle: 25,
};

/**
 * How many consecutive transactions one environment writes, or one subscriber's table gets. A full
 * frame has few such blocks, so that it becomes few messages at all sizes. Of a hundred
 * environments, a backlog reaches only the first ones; a trickle takes one transaction of each
 * block.
 */
const BLOCK = 500;
/** How many transactions one connection sends together when it writes to the tables in turn. */
const TABLES_BLOCK = 200;
/** A small block, so that all of thousands of connections have their turn. */
const CONNECTION_BLOCK = 4;
const LOGINS_AT_ONCE = 16;

/**
 * Measures what a change costs reader and route function together, as more is configured or
 * connected. A stack of each size has as many environments as subscribers. Growth that one stack
 * can show is measured on the smallest one.
 */
export async function benchGrowth(run: BenchmarkRun): Promise<void> {
  const sizes = run.quick ? QUICK : FULL;
  const options = { run, backlog: sizes.backlog, trickle: sizes.trickle };
  const environments = new Series(options, "environments in turn");
  const subscribers = new Series(options, "subscribers in turn, each with a table of its own");
  const largest = Math.max(...sizes.environments);
  for (const size of sizes.environments) {
    run.progress(`a stack with ${size} environments`);
    await using stack = await startStack(topology(size));
    await using rig = await GrowthRig.open(stack);
    const numbers = numbersTo(size);
    await rig.createTables(numbers.map(ownTable));
    const writers = await Promise.all(numbers.map((n) => rig.connect(environmentName(n))));
    const inBlocks = environmentsInTurn(writers, BLOCK);
    await warmUp(rig, inBlocks, options);

    await environments.measure(rig, size, inBlocks);
    await subscribers.measure(rig, size, subscribersInTurn(inTurn(writers, 0), size));
    if (size === 1) {
      await growTables(rig, inTurn(writers, 0), sizes.tables, options);
      await growConnections(rig, sizes.connections, options);
    }
    if (size === largest) {
      const each = environmentsInTurn(writers, 1);
      const what = "environments in every frame, a message each";
      await environments.measureOther(rig, size, each, what);
    }
  }
}

/** Runs both loads once, so that the first measurement does not include compilation. */
async function warmUp(rig: GrowthRig, load: Load, options: SeriesOptions): Promise<void> {
  await rig.backlog(load, options.backlog);
  await rig.trickle(load, options.trickle, 2 * options.trickle);
}

function environmentsInTurn(writers: readonly Connection[], block: number): Load {
  return {
    block,
    place: (n) => ({ connection: inTurn(writers, n / block), table: ownTable(1) }),
  };
}

function subscribersInTurn(connection: Connection, subscribers: number): Load {
  return {
    block: BLOCK,
    place: (n) => ({ connection, table: ownTable(1 + (Math.floor(n / BLOCK) % subscribers)) }),
  };
}

/**
 * Writes each transaction to the next table: for a subscriber with the order of the whole source,
 * and for one with a message group for each table.
 */
async function growTables(
  rig: GrowthRig,
  writer: Connection,
  sizes: readonly number[],
  options: SeriesOptions,
): Promise<void> {
  const together = new Series(options, "tables in one message group");
  const apart = new Series(options, "tables, a group and a message each");
  let made = 0;
  for (const size of sizes) {
    options.run.progress(`making ${size} tables`);
    await rig.createTables(numbersTo(size).slice(made).map(manyTable));
    made = size;
    const load = (connection: Connection): Load => ({
      block: TABLES_BLOCK,
      place: (n) => ({ connection, table: manyTable(1 + (n % size)) }),
    });
    // Costs that occur once for each table must not count as costs of a change.
    await rig.backlog(load(writer), TABLES_BLOCK * Math.ceil(size / TABLES_BLOCK));
    await together.measure(rig, size, load(writer));
    await apart.measureOther(rig, size, load(rig.administrator));
  }
}

/** All connections stay open and write in turn. */
async function growConnections(
  rig: GrowthRig,
  sizes: readonly number[],
  options: SeriesOptions,
): Promise<void> {
  const series = new Series(options, "connections");
  await rig.allowConnections(Math.max(...sizes));
  const open: Connection[] = [];
  for (const size of sizes) {
    options.run.progress(`opening ${size} connections`);
    await forEachLimited(numbersTo(size - open.length), LOGINS_AT_ONCE, async () => {
      open.push(await rig.connect(environmentName(1)));
    });
    const place: Load["place"] = (n) => ({
      connection: inTurn(open, n / CONNECTION_BLOCK),
      table: ownTable(1),
    });
    await series.measure(rig, size, { block: CONNECTION_BLOCK, place });
  }
}

/** The numbers from 1 to `last`. */
function numbersTo(last: number): number[] {
  return Array.from({ length: last }, (_, index) => index + 1);
}

function inTurn<Item>(items: readonly Item[], turn: number): Item {
  const item = items[Math.floor(turn) % items.length];
  if (item === undefined) throw new RangeError("nothing to take turns");
  return item;
}
