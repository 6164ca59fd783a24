import type { Connection, RowDataPacket } from "mysql2/promise";
import { accountsExemptFromEverybody } from "../ledger/exempt-from-everybody.ts";
import { CALLED_PROCEDURES, LEDGER_SCHEMA, PROCEDURE_COMMENT } from "../ledger/objects.ts";
import { BINLOG_VARIABLES } from "./binlog-checks.ts";
import type { Account, Count, LedgerFacts, ServerFacts } from "./facts.ts";

const VARIABLES = [
  ...BINLOG_VARIABLES,
  "basedir",
  "binlog_expire_logs_seconds",
  "init_connect",
  "performance_schema",
  "read_only",
  "require_secure_transport",
];

const ACCOUNTS = `SELECT account.user, account.host, account.account_locked = 'Y' AS isLocked,
    account.super_priv = 'Y' OR EXISTS (SELECT 1 FROM mysql.global_grants AS granted
      WHERE granted.user = account.user AND granted.host = account.host
      AND granted.priv = 'CONNECTION_ADMIN') AS isAdministrator,
    'Y' IN (account.insert_priv, account.update_priv, account.delete_priv)
      OR EXISTS (SELECT 1 FROM mysql.db AS db WHERE db.user = account.user AND db.host = account.host
        AND 'Y' IN (db.insert_priv, db.update_priv, db.delete_priv))
      OR EXISTS (SELECT 1 FROM mysql.tables_priv AS tables WHERE tables.user = account.user
        AND tables.host = account.host AND tables.table_priv REGEXP 'Insert|Update|Delete') AS mayWrite
  FROM mysql.user AS account WHERE account.user NOT LIKE 'mysql.%' ORDER BY account.user, account.host`;

const USER_CHANGES = `SELECT CONCAT(user, '@', host) AS name, count_star AS count
  FROM performance_schema.events_statements_summary_by_account_by_event_name
  WHERE event_name = 'statement/com/Change user' AND count_star > 0 AND user IS NOT NULL`;

const PROXIES = `SELECT attr_value AS name, COUNT(DISTINCT processlist_id) AS count
  FROM performance_schema.session_connect_attrs
  WHERE attr_name IN ('program_name', '_client_name', '_client_role')
  AND attr_value REGEXP '^(proxysql|mysqlrouter|mysql_router|maxscale|rds.?proxy|vitess|heimdall)'
  GROUP BY attr_value`;

/** Asks everything that the checks look at. Rejects with MySQL's error when the account may not ask. */
export async function askServer(connection: Connection, reader: string): Promise<ServerFacts> {
  const variables = new Map(
    (await rowsOf(connection, "SHOW GLOBAL VARIABLES WHERE Variable_name IN (?)", [VARIABLES])).map(
      (row) => [String(row["Variable_name"]), String(row["Value"])],
    ),
  );
  const isRds = (variables.get("basedir") ?? "").startsWith("/rdsdbbin");
  return {
    variables,
    isRds,
    replicaOf: await replicaSource(connection),
    retentionSeconds: await retentionSeconds(connection, variables, isRds),
    isConnectionEncrypted: (await status(connection, "Ssl_cipher")) !== "",
    lostThreads: Number(await status(connection, "Performance_schema_thread_instances_lost")),
    accounts: await accounts(connection),
    readerGrants: await grantsOf(connection, reader),
    ledger: await ledgerFacts(connection, variables.get("init_connect") ?? ""),
    userChanges: await counts(connection, USER_CHANGES),
    proxies: await counts(connection, PROXIES),
  };
}

async function accounts(connection: Connection): Promise<Account[]> {
  return (await rowsOf(connection, ACCOUNTS)).map((row) => ({
    user: String(row["user"]),
    host: String(row["host"]),
    isLocked: Number(row["isLocked"]) === 1,
    isAdministrator: Number(row["isAdministrator"]) === 1,
    mayWrite: Number(row["mayWrite"]) === 1,
  }));
}

async function replicaSource(connection: Connection): Promise<string | null> {
  const [row] = await rowsOf(
    connection,
    "SELECT host FROM performance_schema.replication_connection_configuration WHERE host <> ''",
  );
  return row === undefined ? null : String(row["host"]);
}

async function retentionSeconds(
  connection: Connection,
  variables: ReadonlyMap<string, string>,
  isRds: boolean,
): Promise<number | null> {
  if (!isRds) {
    const seconds = Number(variables.get("binlog_expire_logs_seconds") ?? 0);
    return seconds === 0 ? null : seconds;
  }
  const [row] = await rowsOf(
    connection,
    "SELECT value FROM mysql.rds_configuration WHERE name = 'binlog retention hours'",
  );
  return Number(row?.["value"] ?? 0) * 3600;
}

async function grantsOf(connection: Connection, user: string): Promise<string[] | null> {
  const found = await rowsOf(connection, "SELECT host FROM mysql.user WHERE user = ?", [user]);
  const host = found[0]?.["host"];
  if (host === undefined) return null;
  const rows = await rowsOf(connection, "SHOW GRANTS FOR ?@?", [user, host]);
  return rows.map((row) => String(Object.values(row)[0]));
}

async function ledgerFacts(connection: Connection, initConnect: string): Promise<LedgerFacts> {
  const exists = async (query: string): Promise<boolean> =>
    (await rowsOf(connection, query, [LEDGER_SCHEMA])).length > 0;
  const procedures = await rowsOf(
    connection,
    `SELECT routine_comment AS comment FROM information_schema.routines
     WHERE CONCAT(routine_schema, '.', routine_name) IN (?)`,
    [CALLED_PROCEDURES],
  );
  const comments = procedures.map((row) => String(row["comment"]));
  return {
    hasTable: await exists(
      "SELECT 1 FROM information_schema.tables WHERE table_schema = ? AND table_name = 'sessions'",
    ),
    hasDefiner: await exists(
      "SELECT 1 FROM mysql.tables_priv WHERE db = ? AND user = 'binlog_router_ledger' AND table_name = 'sessions'",
    ),
    procedureComment:
      comments.length < CALLED_PROCEDURES.length
        ? null
        : (comments.find((comment) => comment !== PROCEDURE_COMMENT) ?? PROCEDURE_COMMENT),
    isGrantedToEverybody: await exists(
      "SELECT 1 FROM mysql.db WHERE db = ? AND user = '' AND host = '%' AND execute_priv = 'Y'",
    ),
    exempt: await accountsExemptFromEverybody(connection),
    initConnect,
  };
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

async function rowsOf(
  connection: Connection,
  query: string,
  values: readonly unknown[] = [],
): Promise<RowDataPacket[]> {
  const [rows] = await connection.query<RowDataPacket[]>(query, [...values]);
  return rows;
}
