import type { Connection } from "mysql2/promise";
import { askAccounts } from "./ask-accounts.ts";
import { askLedger } from "./ask-ledger.ts";
import { askTags } from "./ask-tags.ts";
import { BINLOG_VARIABLES } from "../../../reader/source/binlog-checks.ts";
import type { Count, ServerFacts } from "./facts.ts";
import { askRetention } from "../../../reader/source/retention.ts";
import type { ServerVariables } from "../../../reader/source/server-variables.ts";
import { rowsOf } from "./rows.ts";

const VARIABLES = [
  ...BINLOG_VARIABLES,
  "binlog_expire_logs_seconds",
  "group_replication_group_name",
  "init_connect",
  "innodb_native_foreign_keys",
  "log_replica_updates",
  "lower_case_table_names",
  "performance_schema",
  "read_only",
  "require_secure_transport",
  "rpl_semi_sync_master_enabled",
  "rpl_semi_sync_master_timeout",
  "rpl_semi_sync_source_enabled",
  "rpl_semi_sync_source_timeout",
];

const USER_CHANGES = `SELECT CONCAT(user, '@', host) AS name, count_star AS count
  FROM performance_schema.events_statements_summary_by_account_by_event_name
  WHERE event_name = 'statement/com/Change user' AND count_star > 0 AND user IS NOT NULL`;

const PROXIES = `SELECT attr_value AS name, COUNT(DISTINCT processlist_id) AS count
  FROM performance_schema.session_connect_attrs
  WHERE attr_name IN ('program_name', '_client_name', '_client_role')
  AND attr_value REGEXP '^(proxysql|mysqlrouter|mysql_router|maxscale|rds.?proxy|vitess|heimdall)'
  GROUP BY attr_value`;

/**
 * Queries the variables that the checks need. Every account may do so, on every server that speaks
 * MySQL's protocol.
 */
export async function askVariables(connection: Connection): Promise<ServerVariables> {
  const query = "SHOW GLOBAL VARIABLES WHERE Variable_name IN (?)";
  const rows = await rowsOf(connection, query, [VARIABLES]);
  return new Map(rows.map((row) => [String(row["Variable_name"]), String(row["Value"])]));
}

/**
 * Queries everything else that the checks need. Rejects with MySQL's error when the account lacks a
 * privilege.
 */
export async function askServer(
  connection: Connection,
  variables: ServerVariables,
  reader: string,
): Promise<ServerFacts> {
  return {
    variables,
    replicaOf: await replicaSource(connection),
    retention: await askRetention(connection, variables),
    isConnectionEncrypted: (await status(connection, "Ssl_cipher")) !== "",
    lostThreads: Number(await status(connection, "Performance_schema_thread_instances_lost")),
    accounts: await askAccounts(connection),
    ...(await grantsOf(connection, reader)),
    ledger: await askLedger(connection, variables.get("init_connect") ?? ""),
    tags: await askTags(connection),
    userChanges: await counts(connection, USER_CHANGES),
    proxies: await counts(connection, PROXIES),
  };
}

/** The channels between the members of a replication group name no source. */
async function replicaSource(connection: Connection): Promise<string | null> {
  const [row] = await rowsOf(
    connection,
    `SELECT host FROM performance_schema.replication_connection_configuration
      WHERE host <> '' AND channel_name NOT IN ('group_replication_applier', 'group_replication_recovery')`,
  );
  return row === undefined ? null : String(row["host"]);
}

/** Queries the account's grants and host. Of several accounts it uses the first by host. */
async function grantsOf(
  connection: Connection,
  user: string,
): Promise<Pick<ServerFacts, "readerHost" | "readerGrants">> {
  const query = "SELECT host FROM mysql.user WHERE user = ? ORDER BY host";
  const [found] = await rowsOf(connection, query, [user]);
  if (found === undefined) return { readerHost: "%", readerGrants: null };
  const readerHost = String(found["host"]);
  const rows = await rowsOf(connection, "SHOW GRANTS FOR ?@?", [user, readerHost]);
  return { readerHost, readerGrants: rows.map((row) => String(Object.values(row)[0])) };
}

async function counts(connection: Connection, query: string): Promise<Count[]> {
  return (await rowsOf(connection, query)).map((row) => ({
    name: String(row["name"]),
    count: Number(row["count"]),
  }));
}

async function status(connection: Connection, name: string): Promise<string> {
  const [row] = await rowsOf(connection, "SHOW SESSION STATUS LIKE ?", [name]);
  return String(row?.["Value"] ?? "");
}
