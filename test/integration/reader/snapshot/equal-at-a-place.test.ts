import { setTimeout as delay } from "node:timers/promises";
import { SeededRandom } from "@binlog-router/local-aws/seeded-random";
import { type Connection, createConnection } from "mysql2/promise";
import { afterAll, beforeAll, expect, test } from "vitest";
import { chainStep, endOf, type LanePosition } from "../../../../functions/frame/chain.ts";
import type { Frame } from "../../../../wire/frame.ts";
import { useLocalAws } from "../../../support/local-aws.ts";
import { useMysql } from "../../../support/mysql.ts";
import { ReaderBench, type ReaderProcess, SHORT_LEASE } from "../../../support/reader.ts";
import { BenchOrders, snapshotOrder } from "../../../support/snapshot/orders.ts";
import {
  inOrder,
  type Placed,
  problemsAtEnd,
  problemsAtPlaces,
} from "../../../support/snapshot/place-check.ts";
import { TwoServers } from "../../../support/two-servers.ts";

// A longer run, or a repeated one: SNAPSHOT_ROUNDS=20 SNAPSHOT_ROWS=200000 SNAPSHOT_SEED=1 npx
// vitest run --project integration equal-at
const ROUNDS = Number(process.env["SNAPSHOT_ROUNDS"] ?? 20);
const ROWS = Number(process.env["SNAPSHOT_ROWS"] ?? 600);
const SEED = Number(process.env["SNAPSHOT_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
/** A round of many rows has the servers to itself, and all faults. */
const IS_LONG = ROWS > 100_000;
/** How many rounds are taken at the same time, each by a reader of its own. */
const AT_ONCE = IS_LONG ? 1 : 5;
const USERS = ["production", "staging", "testing", "administrator"];
const TABLES = ["shop.items", "shop.names"];
/** A table without changes, alone in its lane. Its row is the first chunk of each snapshot. */
const STILL = "shop.cities";
const LANES = 2;
/**
 * Rows per second. A chunk has at most this many rows, and at most one chunk is sent each second.
 */
const RATE = IS_LONG ? ROWS / 4 : ROWS;

const first = useMysql({ variables: { server_id: 1 } });
const second = useMysql({ variables: { server_id: 2 } });
const aws = useLocalAws();
let servers: TwoServers;

beforeAll(async () => {
  servers = await TwoServers.link(first, second);
  await first.query("CREATE DATABASE shop");
  await first.query("CREATE TABLE shop.items (id BIGINT PRIMARY KEY, who VARCHAR(15), v INT)");
  await first.query(
    "CREATE TABLE shop.names (name VARCHAR(20) COLLATE utf8mb4_0900_ai_ci PRIMARY KEY, who VARCHAR(15), v INT)",
  );
  await first.query(`CREATE TABLE ${STILL} (id BIGINT PRIMARY KEY)`);
  await first.query(`INSERT INTO ${STILL} VALUES (1)`);
  for (const user of ["reader", ...USERS]) await first.createAccount(user);
});
afterAll(async () => {
  await servers[Symbol.asyncDispose]();
});

const accountOf = (user: string) => ({
  host: "127.0.0.1",
  port: servers.proxy.port,
  user,
  password: `password of ${user}`,
});

/**
 * Writes at full speed until the signal is aborted: inserts, updates, key changes and deletes.
 * Reconnects when the connection breaks.
 */
async function write(user: string, random: SeededRandom, signal: AbortSignal): Promise<void> {
  let connection: Connection | null = null;
  const name = (): string => `${random.chance(0.5) ? "ä" : "A"}${random.below(400)}`;
  while (!signal.aborted) {
    const id = random.below(ROWS * 2);
    const v = random.below(1e6);
    const statement = [
      `UPDATE shop.items SET v = ${v}, who = '${user}' WHERE id BETWEEN ${id} AND ${id + 3}`,
      `INSERT IGNORE INTO shop.items VALUES (${id}, '${user}', ${v})`,
      `DELETE FROM shop.items WHERE id = ${id}`,
      `UPDATE IGNORE shop.items SET id = ${random.below(ROWS * 2)}, who = '${user}' WHERE id = ${id}`,
      `REPLACE INTO shop.names VALUES ('${name()}', '${user}', ${v})`,
      `UPDATE IGNORE shop.names SET name = '${name()}', v = ${v} WHERE name = '${name()}'`,
    ][random.below(6)];
    try {
      if (connection === null) {
        connection = await createConnection(accountOf(user));
        connection.on("error", () => undefined);
      }
      await connection.query(statement ?? "");
    } catch (error) {
      if ((error as { code?: unknown }).code === "ER_LOCK_DEADLOCK") continue;
      connection?.destroy();
      connection = null;
      await delay(20);
    }
    if (random.chance(0.2)) await delay(1);
  }
  connection?.destroy();
}

/** A table's rows by key, both in the stream's notation. */
async function rowsAtEnd(tableName: string): Promise<Map<string, string>> {
  const rows = await servers.source.query(`SELECT * FROM ${tableName}`);
  return new Map(
    rows.map((row) => {
      const [key = ""] = Object.keys(row);
      return [JSON.stringify({ [key]: row[key] }), JSON.stringify(row)];
    }),
  );
}

test(
  `the rows handed over equal the table at their position, in ${ROUNDS} rounds with faults`,
  { timeout: 240_000 + ROUNDS * (60_000 + 4 * ROWS) },
  async () => {
    console.log(`seed ${SEED}: SNAPSHOT_SEED=${SEED} draws the same statements and faults`);
    const random = new SeededRandom(SEED);
    const rounds = drawRounds(random);
    if (IS_LONG) for (const round of rounds) await takeAll([round], random);
    else await takeAll(rounds, random);
  },
);

/** Fills the tables, takes the rounds, AT_ONCE at the same time, and compares. */
async function takeAll(rounds: readonly Round[], random: SeededRandom): Promise<void> {
  await using owned = new AsyncDisposableStack();
  for (const table of TABLES) await servers.source.query(`DELETE FROM ${table}`);
  const benches = await Promise.all(
    Array.from({ length: AT_ONCE }, async () => owned.use(await RoundsBench.start())),
  );
  await servers.source.query(
    "INSERT INTO shop.items SELECT 2 * n, 'first', 0 FROM (WITH RECURSIVE c AS (SELECT 1 n UNION ALL SELECT n + 1 FROM c WHERE n < ?) SELECT /*+ SET_VAR(cte_max_recursion_depth = 1000000) */ n FROM c) d",
    [ROWS],
  );
  const ended = new AbortController();
  const writers = USERS.map(async (user) =>
    write(user, new SeededRandom(random.below(2 ** 31)), ended.signal),
  );
  try {
    for (let next = 0; next < rounds.length; next += AT_ONCE) {
      const wave = rounds.slice(next, next + AT_ONCE);
      await Promise.all(wave.map(async (round, n) => benches[n]?.take(round)));
    }
  } finally {
    ended.abort();
    await Promise.all(writers);
  }
  // When this row has arrived, everything written before it has arrived.
  await servers.source.query("INSERT INTO shop.items VALUES (-1, 'the end', 0)");
  await Promise.all(benches.map(async (bench) => bench.until('{"id":-1}')));
  const atEnd = new Map<string, ReadonlyMap<string, string>>();
  for (const name of TABLES) atEnd.set(name, await rowsAtEnd(name));
  benches.forEach(({ frames }, n) => {
    const changes = inOrder(frames);
    for (const round of rounds.filter((_round, at) => at % AT_ONCE === n))
      compare(changes, round, atEnd);
  });
}

/** Compares a round's snapshot with what the changes say, and with the tables. */
function compare(
  all: readonly Placed[],
  { id, faults }: Round,
  atEnd: ReadonlyMap<string, ReadonlyMap<string, string>>,
): void {
  const changes = all.filter(({ snapshot }) => snapshot === null || snapshot === id);
  const what = `${id}: ${JSON.stringify(faults)}`;
  for (const [name, rows] of atEnd) {
    const places = problemsAtPlaces(changes, name, name === "shop.items" ? 2 : null);
    const end = problemsAtEnd(changes, name, "staging", rows);
    expect([...places.problems, ...end.problems], what).toEqual([]);
    expect(places.rows, what).toBeGreaterThan(10);
    expect(end.compared, what).toBeGreaterThan(10);
  }
  const marks = changes.filter(({ op }) => op === "snapshot").map(({ after }) => after);
  expect(marks.filter((mark) => mark.includes("started")).length).toBeGreaterThanOrEqual(2);
  const rows = changes.filter(({ op }) => op === "r").length;
  console.log(`${what}: ${changes.length} changes and rows, ${rows} of them rows`);
}

/** Faults of the servers, and of the round's own reader. */
const OF_SERVERS = ["cut", "restart MySQL", "fail over"] as const;
const OF_READER = ["kill", "take over"] as const;
const FAULTS = [...OF_SERVERS, ...OF_READER];
type Fault = (typeof FAULTS)[number];

/** Whether a fault comes before the first row has arrived, or between the parts. */
interface Dealt {
  readonly fault: Fault;
  readonly isEarly: boolean;
}

interface Round {
  readonly id: string;
  readonly faults: readonly Dealt[];
  readonly random: SeededRandom;
}

const STANDBY = "another reader holds this source; waiting as its standby";
const SILENCE_MS = 180_000;
const NOTHING_DELIVERED: LanePosition = { delivered: null, life: null, others: new Map() };

/** Draws the faults of the rounds. Of those that are taken together, the first has the servers'. */
function drawRounds(random: SeededRandom): Round[] {
  const deal = (fault: Fault, isEarly = random.chance(0.5)): Dealt => ({ fault, isEarly });
  const some = shuffled(random, OF_SERVERS);
  const faultsOf = (n: number): Dealt[] => {
    // In the first rounds, readers are killed before they save the position of STILL's lane.
    if (IS_LONG)
      return shuffled(random, FAULTS).flatMap((fault) => [deal(fault, true), deal(fault, false)]);
    const [wave, at] = [Math.floor(n / AT_ONCE), n % AT_ONCE];
    const fault = at === 0 ? some[wave % some.length] : OF_READER[at - 1];
    return fault === undefined ? [] : [deal(fault, random.chance(0.5) && wave > 0)];
  };
  return Array.from({ length: ROUNDS }, (_, n) => ({
    id: `round-${n}`,
    faults: faultsOf(n),
    random: new SeededRandom(random.below(2 ** 31)),
  }));
}

function shuffled(random: SeededRandom, faults: readonly Fault[]): Fault[] {
  return faults
    .map((fault) => ({ fault, rank: random.next() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ fault }) => fault);
}

/** A bench whose reader takes the snapshots of its rounds, one after the other. */
class RoundsBench implements AsyncDisposable {
  readonly frames: Frame[] = [];
  /** How far each lane was delivered, as the route function would have it. */
  readonly #lanes = new Map<number, LanePosition>();
  readonly #bench: ReaderBench;
  readonly #orders: BenchOrders;
  #reader: ReaderProcess;
  #heardMs = performance.now();

  private constructor(bench: ReaderBench, orders: BenchOrders, reader: ReaderProcess) {
    this.#bench = bench;
    this.#orders = orders;
    this.#reader = reader;
  }

  static async start(): Promise<RoundsBench> {
    const bench = await ReaderBench.create(aws, accountOf("reader"), {
      ...SHORT_LEASE,
      SOURCE_START: "now",
      LANES: String(LANES),
    });
    const orders = new BenchOrders(aws, bench);
    return new RoundsBench(bench, orders, await bench.start());
  }

  /** Takes the snapshot of a round. */
  async take({ id, faults, random }: Round): Promise<void> {
    const early = faults.filter(({ isEarly }) => isEarly);
    const late = faults.filter(({ isEarly }) => !isEarly);
    await this.#orders.place({
      ...snapshotOrder(id, { id, tables: ["shop.*"], rate: RATE }),
      subscriber: "search",
      environment: "staging",
    });
    for (const { fault } of early) {
      await delay(random.below(300));
      await this.#suffer(fault, random);
    }
    const parts = new Set<number>();
    let nextAt = 1;
    for (let isWhole = false; !isWhole;) {
      for (const { op, n, after, snapshot } of inOrder(await this.#receive(faults))) {
        if (snapshot !== id) continue;
        if (op === "r") parts.add(n);
        else isWhole ||= after.includes("whole");
      }
      if (parts.size < nextAt) continue;
      const next = late.shift();
      if (next !== undefined) await this.#suffer(next.fault, random);
      nextAt = parts.size + 1;
    }
    expect(late).toEqual([]);
    await this.#orders.until(id, "complete");
  }

  /** Takes frames until a row's key has arrived. */
  async until(key: string): Promise<void> {
    const isIn = (frames: readonly Frame[]): boolean =>
      frames.some(({ changes }) => changes.some((change) => change.key === key));
    while (!isIn(await this.#receive([])));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#orders[Symbol.dispose]();
    await this.#bench[Symbol.asyncDispose]();
  }

  async #receive(faults: readonly Dealt[]): Promise<Frame[]> {
    const received = await this.#bench.receive();
    if (received.length > 0) this.#heardMs = performance.now();
    else if (performance.now() - this.#heardMs > SILENCE_MS)
      throw new Error(`silence after ${JSON.stringify(faults)}\n${this.#bench.recentLogs()}`);
    this.frames.push(...received);
    await this.#deliver(received);
    return received;
  }

  /** Checks frames against their lanes' chains, and delivers them as the route function does. */
  async #deliver(received: readonly Frame[]): Promise<void> {
    const moved = new Set<number>();
    for (const frame of received) {
      const { lane: number, previous, life } = frame;
      const lane = this.#lanes.get(number) ?? NOTHING_DELIVERED;
      const step = chainStep(lane, frame);
      if (step.kind === "gap") {
        const what = JSON.stringify({ number, lane, first: frame.first, previous, life });
        throw new Error(`a gap: ${what}\n${this.#bench.recentLogs()}`);
      }
      if (step.kind === "repeat") continue;
      this.#lanes.set(number, endOf(lane, frame));
      moved.add(number);
    }
    for (const number of moved) {
      const { delivered } = this.#lanes.get(number) ?? NOTHING_DELIVERED;
      if (delivered !== null) await this.#orders.delivered(delivered, number);
    }
  }

  async #suffer(fault: Fault, random: SeededRandom): Promise<void> {
    const { proxy } = servers;
    switch (fault) {
      case "cut":
        proxy.refuse(true);
        proxy.cut();
        await delay(random.below(1500));
        return proxy.refuse(false);
      case "kill":
        await this.#reader.kill();
        this.#reader = await this.#bench.start();
        return;
      case "take over": {
        const standby = await this.#bench.start(STANDBY);
        await this.#reader.kill();
        this.#reader = standby;
        await standby.logged("following the binlog");
        return;
      }
      case "restart MySQL":
        return servers.restart(random.chance(0.5));
      case "fail over":
        return servers.failOver();
      default:
        return fault satisfies never;
    }
  }
}
