import type { Connection } from "mysql2/promise";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { installLedger, uninstallLedger } from "../../../operator/ledger/install-ledger.ts";
import type { Registration } from "../../../operator/ledger/tagging.ts";
import type { Frame, FrameChange } from "../../../wire/frame.ts";
import { type Account, useMysql } from "../../support/mysql.ts";
import { ReaderBench } from "../../support/reader.ts";
import { insertBriefly, type Split, splitOf } from "../../support/short-connections.ts";
import { useThreeEnvironments } from "../../support/three-environments.ts";

// Attempts to give a change a wrong author. Each row contains the expected account.

const mysql = useMysql();
const shared = useThreeEnvironments(mysql);
/** How connections register; at night also with tags. */
const REGISTRATIONS: readonly Registration[] =
  process.env["ALL_REGISTRATIONS"] === "1" ? ["ledger", "ledger-and-tags"] : ["ledger"];
const PRIVILEGES = ["ALL ON shop.*"];

const allRight = (count: number) => expect.objectContaining({ right: count, wrong: 0, unknown: 0 });

/** Names that a collation, a trimming or a quoting might confuse. */
const CONFUSABLE = [
  "app",
  "App",
  "\u00e1pp",
  "a\u0301pp",
  "app@localhost",
  "app'--",
  'a"pp',
  "a\\pp",
  "zapp",
  "zzapp",
  "app%",
  "app_",
  "\u4e2d\u6587",
  "x".repeat(32),
  `${"x".repeat(31)}y`,
];

async function insert(connection: Connection, id: number, note: string): Promise<void> {
  await connection.query("INSERT INTO shop.orders VALUES (?, ?)", [id, note]);
}

/** The authors of so many rows. A reader whose lease ends on a busy machine repeats some. */
async function splitIn(bench: ReaderBench, rows: number): Promise<Split> {
  const frames: Frame[] = [];
  const seen = new Set<string>();
  const isNew = ({ op, key }: FrameChange): boolean =>
    op === "c" && !seen.has(key) && seen.add(key).has(key);
  while (seen.size < rows)
    for (const frame of await bench.receive())
      frames.push({ ...frame, changes: frame.changes.filter(isNew) });
  const split = splitOf(frames);
  console.info(`${expect.getState().currentTestName}:`, split);
  return split;
}

describe.each(REGISTRATIONS)("registration: %s", (registration) => {
  beforeEach(async () => installLedger(await mysql.connect(), registration));
  afterEach(async () => uninstallLedger(await mysql.connect()));

  test("users whose names differ little are not confused", async () => {
    await using bench = await ReaderBench.create(shared.aws, mysql.server);
    const accounts: Account[] = [];
    for (const user of CONFUSABLE) accounts.push(await mysql.createAccount(user, PRIVILEGES));
    await bench.start();
    const count = 3 * accounts.length;
    await insertBriefly(mysql.server, accounts, { count });
    expect(await splitIn(bench, count)).toEqual(allRight(count));
    for (const user of CONFUSABLE) await mysql.query("DROP USER ?@'%'", [user]);
  });

  test("rows of the ledger that are written by hand for another connection register no author", async () => {
    await using bench = await ReaderBench.create(shared.aws, mysql.server);
    await bench.start();
    const [production, staging] = shared.accounts;
    const forger = await mysql.createAccount("forger", [
      ...PRIVILEGES,
      "ALL ON binlog_router.sessions",
    ]);
    const victim = await mysql.connect(production);
    const forging = await mysql.connect(forger);
    await insert(victim, 1, production.user);
    const forged = [victim.threadId, staging.user, "localhost"];
    await forging.query(
      "UPDATE binlog_router.sessions SET connection_id = ?, user = ?, host = ?, at = NOW(6) LIMIT 3",
      forged,
    );
    await forging.query(
      "REPLACE INTO binlog_router.sessions (slot, connection_id, user, host, at) VALUES (7, ?, ?, ?, NOW(6))",
      forged,
    );
    await insert(victim, 2, production.user);
    await insert(forging, 3, "forger");
    expect(await splitIn(bench, 3)).toEqual(allRight(3));
    await mysql.query("DROP USER forger");
  });

  test("a ledger whose table is emptied, renamed, dropped or made again registers no wrong author", async () => {
    await using bench = await ReaderBench.create(shared.aws, mysql.server);
    await bench.start();
    const [{ definition = "" } = {}] = await mysql
      .query<Record<string, string>>("SHOW CREATE TABLE binlog_router.sessions")
      .then((rows) => rows.map((row) => ({ definition: row["Create Table"] })));
    const at = definition.replace("`sessions`", "binlog_router.sessions");
    const faults = [
      "TRUNCATE binlog_router.sessions",
      "RENAME TABLE binlog_router.sessions TO binlog_router.elsewhere",
      "RENAME TABLE binlog_router.elsewhere TO binlog_router.sessions",
      "DROP TABLE binlog_router.sessions",
      at,
      "INSERT INTO binlog_router.sessions (slot, connection_id, user, host, at) SELECT id % 4096, id, 'app_test', 'localhost', NOW(6) FROM performance_schema.processlist ON DUPLICATE KEY UPDATE user = 'app_test'",
    ];
    const each = 12;
    let id = 1;
    for (const fault of faults) {
      await mysql.query(fault);
      const open = await Promise.all(shared.accounts.map((account) => mysql.connect(account)));
      for (const [i, { user }] of shared.accounts.entries()) {
        const connection = open[i];
        if (connection !== undefined) await insert(connection, id++, user);
      }
      await insertBriefly(mysql.server, shared.accounts, { count: each, firstId: id });
      id += each;
    }
    const written = id - 1;
    const split = await splitIn(bench, written);
    expect(split).toMatchObject({ wrong: 0, unknown: written - split.right });
    expect(split.right).toBeGreaterThanOrEqual(faults.length * shared.accounts.length);
  });

  test.each(["MINIMAL", "NOBLOB"])(
    "a slot of the ledger that had the same connection id before names its new user with the row image %s",
    async (image) => {
      await mysql.query(
        "UPDATE binlog_router.sessions SET connection_id = slot, user = 'app_staging', host = 'localhost'",
      );
      await mysql.query(`SET GLOBAL binlog_row_image = ${image}`);
      try {
        await using bench = await ReaderBench.create(shared.aws, mysql.server);
        await bench.start();
        const count = 30;
        await insertBriefly(mysql.server, shared.accounts, { count });
        expect(await splitIn(bench, count)).toEqual(allRight(count));
      } finally {
        await mysql.query("SET GLOBAL binlog_row_image = FULL");
      }
    },
  );

  test("events of several definers belong to their definers, or have no author", async () => {
    await using bench = await ReaderBench.create(shared.aws, mysql.server);
    await bench.start();
    let id = 1;
    for (let round = 0; round < 4; round++) {
      for (const { user } of shared.accounts) {
        for (const call of ["", "CALL binlog_router.register_event(CURRENT_USER());"]) {
          await mysql.query(
            `CREATE DEFINER = ?@'%' EVENT shop.event${id} ON SCHEDULE AT NOW() DO BEGIN
               ${call} INSERT INTO shop.orders VALUES (${id}, ?);
             END`,
            [user, user],
          );
          id++;
        }
      }
    }
    const split = await splitIn(bench, id - 1);
    expect(split.wrong).toBe(0);
    expect(split.right).toBeGreaterThanOrEqual((id - 1) / 2);
  });

  test("a registration inside an XA transaction does not hold beyond a later change of user", async () => {
    await using bench = await ReaderBench.create(shared.aws, mysql.server, { SWEEP_SECONDS: "1" });
    await bench.start();
    const [production, staging] = shared.accounts;
    const connection = await mysql.connect(production);
    for (let round = 0; round < 10; round++) {
      const xid = `x${registration}${round}`;
      await connection.changeUser(production);
      await connection.query(`XA START '${xid}'`);
      await connection.query("CALL binlog_router.register_session()");
      await insert(connection, 10 * round, production.user);
      await connection.query(`XA END '${xid}'`);
      await connection.query(`XA PREPARE '${xid}'`);
      await connection.changeUser(staging);
      await connection.query("CALL binlog_router.register_session()");
      await insert(connection, 10 * round + 1, staging.user);
      await mysql.query(`XA COMMIT '${xid}'`);
      await insert(connection, 10 * round + 2, staging.user);
    }
    const split = await splitIn(bench, 30);
    expect(split.wrong).toBe(0);
  });

  test("connections that are killed in the middle of a transaction leave no author behind", async () => {
    await using bench = await ReaderBench.create(shared.aws, mysql.server, { SWEEP_SECONDS: "1" });
    await bench.start();
    const root = await mysql.connect();
    let id = 1;
    let written = 0;
    for (let round = 0; round < 10; round++) {
      for (const account of shared.accounts) {
        const killed = await mysql.connect(account);
        await killed.query("START TRANSACTION");
        await insert(killed, id++, "never committed");
        killed.on("error", () => undefined);
        await root.query("KILL CONNECTION ?", [killed.threadId]);
        const next = await mysql.connect(account);
        await next.query("SET SESSION autocommit = 0");
        await insert(next, id++, account.user);
        await next.query("COMMIT AND CHAIN");
        written++;
        next.destroy();
      }
    }
    expect(await splitIn(bench, written)).toEqual(allRight(written));
  });
});
