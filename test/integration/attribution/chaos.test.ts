import { SeededRandom } from "@binlog-router/local-aws/seeded-random";
import type { Connection } from "mysql2/promise";
import { beforeAll, expect, test } from "vitest";
import { installLedger } from "../../../operator/ledger/install-ledger.ts";
import { Arrivals } from "../../support/chaos/arrivals.ts";
import { TwoSources } from "../../support/chaos/two-sources.ts";
import { type Account, useMysql } from "../../support/mysql.ts";
import { ReaderBench, SHORT_LEASE } from "../../support/reader.ts";
import { play, presentFile, recordedStatements } from "../../support/replay.ts";
import { insertBriefly } from "../../support/short-connections.ts";
import { TcpProxy } from "../../support/tcp-proxy.ts";
import { useThreeEnvironments } from "../../support/three-environments.ts";

// Pools, short connections and XA transactions of three environments write. Meanwhile, in random
// order, a log is replayed, MySQL restarts, a replica becomes the source, the reader is killed, and
// the process list fails or is full. CHAOS_CHANGES=n and CHAOS_ROUNDS=n make the test longer;
// SEED=n repeats a run.

const TROUBLES = ["none", "replay", "kill", "restart", "failover", "slots", "process"] as const;
const ROUNDS = Number(process.env["CHAOS_ROUNDS"] ?? TROUBLES.length);
const CHANGES = Number(process.env["CHAOS_CHANGES"] ?? 560);
const SEED = Number(process.env["SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const POOL = 9;
const PER_ROUND = Math.ceil(CHANGES / ROUNDS);
/** The share of a round's changes that short connections write. */
const SHARE_OF_SHORT_CONNECTIONS = 0.2;
const SHARE_OF_TAIL = 0.1;
const PLAYED = 20;
const THREAD_SLOTS = 120;
const ROUNDS_BETWEEN_FIGURES = 20;
const TIMEOUT_MS = 120_000 + ROUNDS * 20_000;

// As on a small server: a hundred idle connections fill the process list.
const variables = { performance_schema_max_thread_instances: THREAD_SLOTS };
const first = useMysql({ variables: { ...variables, server_id: 1 } });
const second = useMysql({ variables: { ...variables, server_id: 2 } });
const shared = useThreeEnvironments(first);
const READER: Account = { user: "reader", password: "password of reader" };
let administrator: Account;
let servers: TwoSources;

beforeAll(async () => {
  servers = await TwoSources.connect(first, second);
  await first.createAccount(READER.user, ["REPLICATION SLAVE, REPLICATION CLIENT, PROCESS ON *.*"]);
  await first.query("GRANT SELECT ON performance_schema.* TO reader");
  administrator = await first.createAccount("app_administrator", [
    "ALL ON shop.*",
    "CONNECTION_ADMIN ON *.*",
  ]);
  await installLedger(await first.connect());
  await servers.shareInitConnect();
});

test(
  "after random faults of servers and reader no author is wrong, and each unknown author has a reason",
  { timeout: TIMEOUT_MS },
  async () => {
    console.info(`SEED=${SEED}`);
    const random = new SeededRandom(SEED);
    const below = (limit: number): number => random.below(limit);
    const accounts = [...shared.accounts, administrator];
    const anAccount = (): Account => random.pick(accounts);
    await first.query("FLUSH BINARY LOGS");
    const file = await presentFile(first);
    await insertBriefly(first.server, shared.accounts, { count: PLAYED });
    await first.query("FLUSH BINARY LOGS");
    const recorded = await recordedStatements(first, file);

    await using proxy = await TcpProxy.listen(first.server);
    await using bench = await ReaderBench.create(
      shared.aws,
      { host: "127.0.0.1", port: proxy.port, ...READER },
      { ...SHORT_LEASE, LOG_LEVEL: "info" },
    );
    let reader = await bench.start();
    let pool: { account: Account; connection: Connection }[] = [];
    const prepared: string[] = [];
    let id = 1000;
    let expected = 0;
    const stretches = [{ fromId: 0, server: await servers.uuid() }];
    const arrivals = new Arrivals({
      lastPlayed: PLAYED,
      administrator: administrator.user,
      serverOf: (row) => stretches.findLast(({ fromId }) => row >= fromId)?.server ?? "",
    });
    const taken = new AbortController();
    const taking = (async () => {
      while (!taken.signal.aborted) for (const frame of await bench.receive()) arrivals.take(frame);
    })();

    const fillPool = async (): Promise<void> => {
      for (const { connection } of pool) connection.destroy();
      pool = await Promise.all(
        Array.from({ length: POOL }, async () => {
          const account = anAccount();
          return { account, connection: await servers.source.connect(account) };
        }),
      );
    };
    const write = async (count: number): Promise<void> => {
      let next = id + 1;
      id += count;
      const last = id;
      expected += count;
      await Promise.all(
        pool.map(async ({ account, connection }) => {
          while (next <= last)
            await connection.query("INSERT INTO shop.orders VALUES (?, ?)", [next++, account.user]);
        }),
      );
    };
    const writeBriefly = async (count: number): Promise<void> => {
      const firstId = id + 1;
      id += count;
      expected += count;
      await insertBriefly(servers.source.server, [anAccount(), anAccount()], { count, firstId });
    };
    const prepare = async (): Promise<void> => {
      const account = anAccount();
      const connection = await servers.source.connect(account);
      const xid = `'x${++id}'`;
      await connection.query(`XA START ${xid}`);
      await connection.query("INSERT INTO shop.orders VALUES (?, ?)", [id, account.user]);
      await connection.query(`XA END ${xid}`);
      await connection.query(`XA PREPARE ${xid}`);
      connection.destroy();
      prepared.push(xid);
    };
    const finish = async (xid: string): Promise<void> => {
      const isCommitted = below(3) > 0;
      await servers.source.query(`XA ${isCommitted ? "COMMIT" : "ROLLBACK"} ${xid}`);
      if (isCommitted) expected++;
    };

    const arrived = async (): Promise<void> => {
      const options = { timeout: TIMEOUT_MS / 2 };
      await expect.poll(() => arrivals.count, options).toBeGreaterThanOrEqual(expected);
    };
    const figures = (): Record<string, number> => {
      const { right, wrong, explained, unexplained } = arrivals;
      return { right, wrong, ...explained, unexplained };
    };
    const failOver = async (): Promise<void> => {
      // Changes that the reader has not read yet lose their author. All others keep it.
      await arrived();
      const isReaderAway = below(2) > 0 || ROUNDS <= TROUBLES.length;
      if (isReaderAway) await reader.kill();
      await write(Math.ceil(PER_ROUND * SHARE_OF_TAIL));
      await writeBriefly(POOL);
      await servers.failOver();
      proxy.leadTo(servers.source.server);
      proxy.cut();
      stretches.push({ fromId: id + 1, server: await servers.uuid() });
      await fillPool();
      if (isReaderAway) reader = await bench.start();
    };
    /** Faults that occur while the applications write. */
    const during: Partial<Record<(typeof TROUBLES)[number], () => Promise<void>>> = {
      replay: async () => {
        await servers.source.query("DELETE FROM shop.orders WHERE id <= ?", [PLAYED]);
        await play(servers.source, recorded);
        expected += PLAYED;
      },
      kill: async () => {
        await reader.kill();
        reader = await bench.start();
      },
      slots: async () => {
        const idle = await Promise.all(
          Array.from({ length: THREAD_SLOTS }, () => servers.source.connect(anAccount())),
        );
        await writeBriefly(2 * POOL);
        for (const connection of idle) connection.destroy();
      },
      process: async () => {
        await servers.source.query("REVOKE PROCESS ON *.* FROM reader");
        proxy.cut();
        await writeBriefly(2 * POOL);
        await servers.source.query("GRANT PROCESS ON *.* TO reader");
      },
    };
    /** Faults after which the applications reconnect. */
    const between: typeof during = {
      restart: async () => {
        await servers.restart(below(2) > 0);
        await fillPool();
      },
      failover: failOver,
    };

    await fillPool();
    let troubles: (typeof TROUBLES)[number][] = [];
    for (let round = 0; round < ROUNDS; round++) {
      if (troubles.length === 0) troubles = shuffled(TROUBLES, below);
      const trouble = troubles.pop() ?? "none";
      const brief = Math.ceil(PER_ROUND * SHARE_OF_SHORT_CONNECTIONS);
      await Promise.all([write(PER_ROUND - brief), during[trouble]?.()]);
      await writeBriefly(brief);
      await prepare();
      await between[trouble]?.();
      if (round % ROUNDS_BETWEEN_FIGURES === ROUNDS_BETWEEN_FIGURES - 1)
        console.info(`after ${round + 1} rounds:`, figures());
      if (prepared.length > 2) await finish(prepared.splice(below(prepared.length), 1)[0] ?? "");
    }
    for (const xid of prepared) await finish(xid);
    await arrived();
    taken.abort();
    await taking;

    const { right, wrong, explained, unexplained } = arrivals;
    console.info(`${expected} changes in ${ROUNDS} rounds:`, figures());
    const known = Object.values(explained).reduce((sum, count) => sum + count, 0);
    expect({ right, wrong, unexplained }).toEqual({
      right: expected - known,
      wrong: 0,
      unexplained: 0,
    });
    expect(explained["played again"]).toBeGreaterThanOrEqual(PLAYED);
    expect(explained["written on the former source, read from the new one"]).toBeGreaterThan(0);
  },
);

function shuffled<Item>(items: readonly Item[], below: (limit: number) => number): Item[] {
  const rest = [...items];
  return items.flatMap(() => rest.splice(below(rest.length), 1));
}
