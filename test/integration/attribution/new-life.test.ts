import { afterEach, expect, test } from "vitest";
import { encodeRouting } from "../../../config/routing.ts";
import { installLedger, uninstallLedger } from "../../../operator/ledger/install-ledger.ts";
import { type Account, useMysql } from "../../support/mysql.ts";
import { binlogRouterOn, stackFileOf, tablesOf } from "../../support/operator.ts";
import { ReaderBench } from "../../support/reader.ts";
import { useThreeEnvironments } from "../../support/three-environments.ts";

const mysql = useMysql();
const shared = useThreeEnvironments(mysql);
afterEach(async () => uninstallLedger(await mysql.connect()));

test("in a new life on the same server, connections are known that were registered in an earlier life", async () => {
  await installLedger(await mysql.connect());
  const [account] = shared.accounts;
  await using bench = await ReaderBench.create(shared.aws, mysql.server);
  const reader = await bench.start();
  const pooled = await mysql.connect(account);
  const insert = (id: number) =>
    pooled.query("INSERT INTO shop.orders VALUES (?, ?)", [id, account.user]);
  await insert(1);
  const [before] = await bench.takeFrames(1);
  expect(before?.authors).toMatchObject([{ user: account.user, attribution: "ledger" }]);
  expect(await reader.stop()).toBe(0);

  await mysql.query("FLUSH BINARY LOGS");
  await insert(2);
  pooled.destroy();
  const [log] = await mysql.query<{ File: string }>("SHOW BINARY LOG STATUS");
  const stack = stackFileOf(shared.aws, tablesOf(bench));
  const set = await binlogRouterOn(stack, "offsets", "set", "--file", `${log?.File}:4`, "--yes");
  expect(set).toMatchObject({ code: 0, problem: "" });
  await bench.start();
  const [after] = await bench.takeFrames(1);
  expect(after?.authors).toMatchObject([{ user: account.user, attribution: "ledger" }]);
});

test("behind a stretch that was not read, no former user's name is used for a connection that registered another user in it", async () => {
  await installLedger(await mysql.connect());
  const [account, other] = shared.accounts;
  await using bench = await ReaderBench.create(shared.aws, mysql.server);
  const reader = await bench.start();
  const pooled = await mysql.connect(account);
  const insert = (id: number, { user }: Account) =>
    pooled.query("INSERT INTO shop.orders VALUES (?, ?)", [id, user]);
  await insert(1, account);
  const [before] = await bench.takeFrames(1);
  expect(before?.authors).toMatchObject([{ user: account.user, attribution: "ledger" }]);
  expect(await reader.stop()).toBe(0);

  await pooled.changeUser(other);
  await pooled.query("CALL binlog_router.register_session()");
  await mysql.query("FLUSH BINARY LOGS");
  const [left] = await mysql.query<{ File: string }>("SHOW BINARY LOG STATUS");
  await insert(2, other);
  await mysql.query("FLUSH BINARY LOGS");
  const [log] = await mysql.query<{ File: string }>("SHOW BINARY LOG STATUS");
  const stack = stackFileOf(shared.aws, tablesOf(bench));
  const place = `${log?.File}:4`;
  const set = await binlogRouterOn(stack, "offsets", "set", "--file", place, "--yes");
  expect(set).toMatchObject({ code: 0, problem: "" });
  await insert(3, other);
  await bench.start();
  const [after] = await bench.takeFrames(1);
  expect([undefined, other.user]).toContain(after?.authors[0]?.user);

  // Row 2 is in a file that the reader has left out, and in which nobody registered.
  const routing = encodeRouting({
    environments: { all: { users: ["app_*"] } },
    subscribers: { billing: { tables: ["shop.*"] } },
  });
  const parts = {
    reader: bench.settings,
    route: {
      ...bench.settings,
      ROUTING: routing,
      FAILURES_TABLE: "failures",
      RAW_QUEUE_URL: bench.queueUrl,
    },
  };
  const explained = await binlogRouterOn(
    { ...stack, parts },
    "explain",
    "shop.orders",
    "--since",
    `${left?.File}:4`,
    "--rows",
    "--json",
  );
  expect(explained).toMatchObject({ code: 0, problem: "" });
  const { changes } = JSON.parse(explained.out) as {
    readonly changes: readonly { readonly author: { readonly user: string } | null }[];
  };
  expect(changes).toHaveLength(2);
  for (const { author } of changes) expect([undefined, other.user]).toContain(author?.user);
});

test("behind a registration that was left out, its connection's changes are not the former user's", async () => {
  await installLedger(await mysql.connect());
  const [account, other] = shared.accounts;
  await mysql.query(`GRANT SESSION_VARIABLES_ADMIN ON *.* TO '${other.user}'@'%'`);
  await using bench = await ReaderBench.create(shared.aws, mysql.server);
  const reader = await bench.start();
  const pooled = await mysql.connect(account);
  await pooled.query("INSERT INTO shop.orders VALUES (1, ?)", [account.user]);
  const [before] = await bench.takeFrames(1);
  expect(before?.authors).toMatchObject([{ user: account.user, attribution: "ledger" }]);

  await pooled.changeUser(other);
  await pooled.query("SET SESSION binlog_format = STATEMENT");
  await pooled.query("CALL binlog_router.register_session()");
  const stopped = JSON.stringify(await reader.logged("stopped by an error"));
  const [, gtid = ""] = /--past ([0-9a-f-]{36}:\d+)/.exec(stopped) ?? [];
  await pooled.query("SET SESSION binlog_format = ROW");
  await pooled.query("INSERT INTO shop.orders VALUES (2, ?)", [other.user]);
  const stack = stackFileOf(shared.aws, tablesOf(bench));
  const set = await binlogRouterOn(stack, "offsets", "set", "--past", gtid, "--yes");
  expect(set).toMatchObject({ code: 0, problem: "" });
  await bench.start();
  const [after] = await bench.takeFrames(1);
  expect([undefined, other.user]).toContain(after?.authors[0]?.user);
});
