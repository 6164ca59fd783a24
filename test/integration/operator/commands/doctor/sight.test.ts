import { expect, test } from "vitest";
import { askAccounts } from "../../../../../operator/commands/doctor/ask-accounts.ts";
import { askStatementWays } from "../../../../../operator/commands/doctor/ask-statement-ways.ts";
import { askMergeTables } from "../../../../../operator/commands/doctor/ask-merge-tables.ts";
import { printNamesInBackticks } from "../../../../../operator/commands/doctor/session-settings.ts";
import { askSight } from "../../../../../operator/commands/doctor/ask-sight.ts";
import { installLedger } from "../../../../../operator/ledger/install-ledger.ts";
import { useMysql } from "../../../../support/mysql.ts";

const mysql = useMysql({ variables: { binlog_ignore_db: "binlog_router" } });

test("doctor asks the server for its binlog filters, and for accounts that may set pseudo_thread_id", async () => {
  const root = await mysql.connect();
  await installLedger(root);
  await mysql.createAccount("app_production", ["ALL ON shop.*"]);
  const liar = await mysql.createAccount("liar", ["SESSION_VARIABLES_ADMIN ON *.*"]);
  const facts = await askSight(root, mysql.server.version);
  expect(facts).toMatchObject({ loggedOnly: [], notLogged: ["binlog_router"], xSessions: 0 });
  expect(facts.threadIdSetters).toContain(`'${liar.user}'@'%'`);
  expect(facts.threadIdSetters.join()).not.toMatch(/app_production|binlog_router_ledger/);
  const session = await mysql.connect(liar);
  await session.query("SET pseudo_thread_id = 12345");
});

test("doctor sees an anonymous account, with which a client logs in under any user name", async () => {
  await mysql.query("CREATE USER ''@'localhost'");
  try {
    const guest = await mysql.connect({ user: "app_of_others", password: "" });
    const [rows] = await guest.query("SELECT USER() AS user");
    expect(rows).toEqual([{ user: "app_of_others@localhost" }]);
    const accounts = await askAccounts(await mysql.connect());
    expect(accounts).toContainEqual(
      expect.objectContaining({ user: "", host: "localhost", isLocked: false }),
    );
  } finally {
    await mysql.query("DROP USER ''@'localhost'");
  }
});

test("doctor asks the server which other tables a statement changes beside the one that it names", async () => {
  for (const statement of [
    "CREATE DATABASE beats",
    "CREATE TABLE beats.parents (id INT PRIMARY KEY)",
    "CREATE TABLE beats.children (id INT, FOREIGN KEY (id) REFERENCES parents (id) ON DELETE CASCADE)",
    "CREATE VIEW beats.seen AS SELECT 1",
    "CREATE FUNCTION beats.f() RETURNS INT DETERMINISTIC RETURN 1",
    "CREATE VIEW beats.calling AS SELECT beats.f() AS f, ABS(1) AS one",
    "CREATE TRIGGER beats.fired AFTER INSERT ON beats.parents FOR EACH ROW SET @a = 1",
  ])
    await mysql.query(statement);
  expect(await askStatementWays(await mysql.connect())).toEqual({
    triggers: [{ database: "beats", table: "parents", name: "fired" }],
    views: [
      { database: "beats", table: "calling" },
      { database: "beats", table: "seen" },
    ],
    callingViews: [{ database: "beats", table: "calling" }],
    cascades: [
      {
        parent: { database: "beats", table: "parents" },
        child: { database: "beats", table: "children" },
      },
    ],
  });
});

test("the server is asked for MERGE tables and what lies beneath them", async () => {
  const root = await mysql.connect();
  for (const statement of [
    "CREATE DATABASE merged",
    "CREATE TABLE merged.`a``b` (id INT) ENGINE=MyISAM",
    "CREATE DATABASE kept",
    "CREATE TABLE kept.rest (id INT) ENGINE=MyISAM",
    "CREATE TABLE merged.both (id INT) ENGINE=MERGE UNION=(merged.`a``b`, kept.rest) INSERT_METHOD=LAST COMMENT='UNION=(`x`)'",
    "CREATE TABLE merged.lost (id INT) ENGINE=MERGE UNION=(merged.gone)",
    "CREATE TABLE merged.`with.dot` (id INT) ENGINE=MERGE UNION=(kept.rest)",
  ])
    await root.query(statement);
  await root.query("SET SESSION sql_mode = 'ANSI', sql_quote_show_create = 0");
  await printNamesInBackticks(root);
  const rest = { database: "kept", table: "rest" };
  expect(await askMergeTables(root)).toEqual({
    shown: [
      {
        database: "merged",
        table: "both",
        beneath: [{ database: "merged", table: "a`b" }, rest],
      },
      { database: "merged", table: "with.dot", beneath: [rest] },
    ],
    hidden: [],
  });
});

test("a MERGE table whose definition the server does not show hides no other one", async () => {
  const root = await mysql.connect();
  for (const statement of [
    "CREATE DATABASE partly",
    "CREATE TABLE partly.kept (id INT) ENGINE=MyISAM",
    "CREATE TABLE partly.column_only (id INT) ENGINE=MERGE UNION=(partly.kept)",
    "CREATE TABLE partly.readable (id INT) ENGINE=MERGE UNION=(partly.kept)",
  ])
    await root.query(statement);
  const account = await mysql.createAccount("column_reader", [
    "SELECT (id) ON partly.column_only",
    "SELECT ON partly.readable",
  ]);
  expect(await askMergeTables(await mysql.connect(account))).toEqual({
    shown: [
      {
        database: "partly",
        table: "readable",
        beneath: [{ database: "partly", table: "kept" }],
      },
    ],
    hidden: [
      {
        database: "partly",
        table: "column_only",
        why: expect.stringMatching(/denied to user 'column_reader'/) as string,
      },
    ],
  });
});
