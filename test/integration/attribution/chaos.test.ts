import { SeededRandom } from "@binlog-router/local-aws/seeded-random";
import type { Connection } from "mysql2/promise";
import { beforeAll, expect, test } from "vitest";
import { installLedger } from "../../../operator/ledger/install-ledger.ts";
import type { Frame } from "../../../wire/frame.ts";
import { isForeignRun } from "../../../wire/session.ts";
import { type Account, useMysql } from "../../support/mysql.ts";
import { ReaderBench } from "../../support/reader.ts";
import { presentFile, replay } from "../../support/replay.ts";
import { insertBriefly } from "../../support/short-connections.ts";
import { useThreeEnvironments } from "../../support/three-environments.ts";

// Pools, short connections, XA transactions, a log that is played again, restarts of MySQL and
// kills of the reader, in a random order. ROUNDS=n makes it longer, SEED=n repeats a run.

const ROUNDS = Number(process.env["ROUNDS"] ?? 7);
const SEED = Number(process.env["SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const PER_ROUND = 60;
const REPLAYED = 20;
const TIMEOUT_MS = 60_000 + ROUNDS * 20_000;

const mysql = useMysql();
const shared = useThreeEnvironments(mysql);
beforeAll(async () => installLedger(await mysql.connect()));

/** What arrived, each change once: repeats after a kill have the same GTID and key. */
class Arrivals {
  readonly #seen = new Set<string>();
  right = 0;
  wrong = 0;
  /** Without an author, because the thread id names no connection. */
  explained = 0;
  unexplained = 0;

  get count(): number {
    return this.#seen.size;
  }

  take({ changes, transactions, authors }: Frame): void {
    for (const { op, key, after, transaction: index } of changes) {
      const transaction = transactions[index];
      if (op !== "c" || transaction === undefined) continue;
      const name = `${transaction.gtid} ${key}`;
      if (this.#seen.has(name)) continue;
      this.#seen.add(name);
      const author = authors[transaction.author ?? -1];
      const { note } = JSON.parse(after) as { note: string };
      if (author?.user === note) this.right++;
      else if (author !== undefined) this.wrong++;
      else if (isForeignRun(transaction.run)) this.explained++;
      else this.unexplained++;
    }
  }
}

test(
  "whatever happens to server and reader, no author is wrong and each unknown one has its reason",
  { timeout: TIMEOUT_MS },
  async () => {
    console.info(`SEED=${SEED}`);
    const random = new SeededRandom(SEED);
    const below = (limit: number): number => random.below(limit);
    const { accounts } = shared;
    const anAccount = (): Account => random.pick(accounts);
    await mysql.query("FLUSH BINARY LOGS");
    const recorded = await presentFile(mysql);
    await insertBriefly(mysql.server, accounts, { count: REPLAYED });
    await mysql.query("FLUSH BINARY LOGS");

    await using bench = await ReaderBench.create(shared.aws, mysql.server);
    let reader = await bench.start();
    let pool: { account: Account; connection: Connection }[] = [];
    const prepared: string[] = [];
    let id = 1000;
    let expected = 0;

    const fillPool = async (): Promise<void> => {
      pool = await Promise.all(
        Array.from({ length: 9 }, async () => {
          const account = anAccount();
          return { account, connection: await mysql.connect(account) };
        }),
      );
    };
    const prepare = async (): Promise<void> => {
      const account = anAccount();
      const connection = await mysql.connect(account);
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
      await mysql.query(`XA ${isCommitted ? "COMMIT" : "ROLLBACK"} ${xid}`);
      if (isCommitted) expected++;
    };

    await fillPool();
    for (let round = 1; round <= ROUNDS; round++) {
      for (let i = 0; i < PER_ROUND; i++) {
        const { account, connection } = random.pick(pool);
        await connection.query("INSERT INTO shop.orders VALUES (?, ?)", [++id, account.user]);
      }
      const count = 5 + below(10);
      await insertBriefly(mysql.server, [anAccount(), anAccount()], { count, firstId: id + 1 });
      id += count;
      expected += PER_ROUND + count;
      await prepare();
      if (prepared.length > 2) await finish(prepared.splice(below(prepared.length), 1)[0] ?? "");
      if (round % 3 === 1) {
        await mysql.query("DELETE FROM shop.orders WHERE id <= ?", [REPLAYED]);
        await replay(mysql, recorded);
        expected += REPLAYED;
      }
      if (round % 5 === 2) {
        await reader.kill();
        reader = await bench.start();
      }
      if (round % 6 === 3) {
        const [row] = await mysql.query<{ value: string }>("SELECT @@init_connect AS value");
        await mysql.server.restart({ variables: { init_connect: row?.value ?? "" } });
        await fillPool();
      }
    }
    for (const xid of prepared) await finish(xid);

    const arrivals = new Arrivals();
    await expect
      .poll(
        async () => {
          for (const frame of await bench.receive()) arrivals.take(frame);
          return arrivals.count;
        },
        { timeout: TIMEOUT_MS / 2 },
      )
      .toBeGreaterThanOrEqual(expected);
    const { right, wrong, explained, unexplained } = arrivals;
    console.info(`${expected} changes:`, { right, wrong, explained, unexplained });
    expect({ right, wrong, explained, unexplained }).toEqual({
      right: expected - explained,
      wrong: 0,
      explained: Math.ceil(ROUNDS / 3) * REPLAYED,
      unexplained: 0,
    });
  },
);
