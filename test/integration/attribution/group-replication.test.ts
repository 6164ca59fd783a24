import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { startLocalAws } from "@binlog-router/local-aws";
import { freePort } from "../../../infra/local/mysql/free-port.ts";
import { askServer, askVariables } from "../../../operator/commands/doctor/ask-server.ts";
import { serverFindings } from "../../../operator/commands/doctor/server-checks.ts";
import { installLedger } from "../../../operator/ledger/install-ledger.ts";
import { useMysql } from "../../support/mysql.ts";
import { ReaderBench } from "../../support/reader.ts";

const address = `127.0.0.1:${await freePort()}`;
const mysql = useMysql({
  variables: {
    report_host: "127.0.0.1",
    plugin_load_add: "group_replication.so",
    group_replication_group_name: randomUUID(),
    group_replication_local_address: address,
    group_replication_group_seeds: address,
    group_replication_start_on_boot: false,
  },
});

test("in a replication group, tags name the authors, and without them no author is taken for certain", async () => {
  await mysql.query("SET GLOBAL group_replication_bootstrap_group = ON");
  await mysql.query("START GROUP_REPLICATION");
  await mysql.query("CREATE DATABASE shop");
  await mysql.query("CREATE TABLE shop.orders (id INT PRIMARY KEY)");
  const app = await mysql.createAccount("app", ["ALL ON shop.*"]);
  await using aws = await startLocalAws();
  await using bench = await ReaderBench.create(aws, mysql.server);
  await bench.start();
  const authorOf = async (id: number): Promise<unknown> => {
    const connection = await mysql.connect(app);
    await connection.query("INSERT INTO shop.orders VALUES (?)", [id]);
    const [frame] = await bench.takeFrames(1);
    expect(frame?.changes).toMatchObject([{ after: `{"id":${id}}` }]);
    return frame?.authors;
  };
  const administrator = await mysql.connect();
  const findings = async (): Promise<readonly string[]> => {
    const facts = await askServer(administrator, await askVariables(administrator), "reader");
    return serverFindings(facts, null).map(({ check }) => check);
  };
  await installLedger(administrator);
  expect(await authorOf(1)).toEqual([]);
  expect(await findings()).toEqual(["tls", "replication-group"]);
  await installLedger(administrator, "ledger-and-tags");
  expect(await authorOf(2)).toEqual([{ user: "app", host: "", attribution: "tag" }]);
  expect(await findings()).toEqual(["tls"]);
});
