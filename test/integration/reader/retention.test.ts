import { expect, test } from "vitest";
import { askRetention } from "../../../reader/source/retention.ts";
import { useMysql } from "../../support/mysql.ts";

const mysql = useMysql({ variables: { binlog_expire_logs_seconds: 7200 } });
const RDS = new Map([
  ["basedir", "/rdsdbbin/mysql-8.0.40.R1/"],
  ["binlog_expire_logs_seconds", "2592000"],
]);

const own = (seconds: string) =>
  new Map([
    ["basedir", "/usr/"],
    ["binlog_expire_logs_seconds", seconds],
  ]);

test("the retention is the server's own setting, and unlimited when that is 0", async () => {
  const connection = await mysql.connect();
  expect(await askRetention(connection, own("7200"))).toBe(7200);
  expect(await askRetention(connection, own("0"))).toBe(null);
});

test("on RDS the retention is in RDS's own table, and unknown to an account that may not read it", async () => {
  const administrator = await mysql.connect();
  const account = await mysql.createAccount("reader_of_rds", ["SELECT ON performance_schema.*"]);
  const reader = await mysql.connect(account);
  expect(await askRetention(reader, RDS)).toBe("unknown");
  await administrator.query(
    "CREATE TABLE mysql.rds_configuration (name VARCHAR(100) PRIMARY KEY, value VARCHAR(100))",
  );
  expect(await askRetention(reader, RDS)).toBe("unknown");
  await administrator.query("GRANT SELECT ON mysql.rds_configuration TO 'reader_of_rds'@'%'");
  await administrator.query(
    "INSERT INTO mysql.rds_configuration VALUES ('binlog retention hours', '48')",
  );
  expect(await askRetention(reader, RDS)).toBe(48 * 3600);
  // The initial value on RDS.
  await administrator.query("UPDATE mysql.rds_configuration SET value = NULL");
  expect(await askRetention(reader, RDS)).toBe(300);
});
