import { expect, test } from "vitest";
import { askSight } from "../../../../../operator/commands/doctor/ask-sight.ts";
import { installLedger } from "../../../../../operator/ledger/install-ledger.ts";
import { useMysql } from "../../../../support/mysql.ts";

const mysql = useMysql({ variables: { binlog_ignore_db: "binlog_router" } });

test("the server is asked for its binlog filters, and for accounts that may set pseudo_thread_id", async () => {
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
