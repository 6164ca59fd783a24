import type { Connection, RowDataPacket } from "mysql2/promise";
import { accountsExemptFromEverybody } from "../ledger/exempt-from-everybody.ts";
import {
  ACCOUNT_COMMENT,
  CALLED_PROCEDURES,
  COUNT_SLOTS,
  LEDGER_SCHEMA,
  PROCEDURE_COMMENT,
} from "../ledger/objects.ts";
import { BINLOG_VARIABLES } from "./binlog-checks.ts";
import type { Account, Count, LedgerFacts, ServerFacts } from "./facts.ts";
import { isRds, RDS_ACCOUNTS } from "./rds.ts";

const VARIABLES = [
  ...BINLOG_VARIABLES,
  "aurora_version",
  "binlog_expire_logs_seconds",
  "init_connect",
  "performance_schema",
  "read_only",
  "require_secure_transport",
  "rpl_semi_sync_master_enabled",
  "rpl_semi_sync_master_timeout",
  "rpl_semi_sync_source_enabled",
  "rpl_semi_sync_source_timeout",
];

/** With the roles that are active when somebody logs in, and those that these have. */
const ACCOUNTS = `WITH RECURSIVE active (user, host, role, role_host) AS (
    SELECT user, host, default_role_user, default_role_host FROM mysql.default_roles
    UNION SELECT to_user, to_host, from_user, from_host FROM mysql.role_edges
      WHERE @@GLOBAL.activate_all_roles_on_login
    UNION SELECT active.user, active.host, edge.from_user, edge.from_host
      FROM active JOIN mysql.role_edges AS edge
        ON edge.to_user = active.role AND edge.to_host = active.role_host),
  admin (user, host, privilege) AS (
    SELECT user, host, 'SUPER' FROM mysql.user WHERE super_priv = 'Y'
    UNION SELECT user, host, priv FROM mysql.global_grants WHERE priv = 'CONNECTION_ADMIN')
  SELECT account.user, account.host, account.account_locked = 'Y' AS isLocked,
    account.max_questions AS questionsPerHour,
    (SELECT GROUP_CONCAT(privilege ORDER BY privilege) FROM admin
      WHERE admin.user = account.user AND admin.host = account.host) AS adminPrivileges,
    (SELECT GROUP_CONCAT(DISTINCT CONCAT(QUOTE(role), '@', QUOTE(role_host)))
      FROM active JOIN admin ON admin.user = active.role AND admin.host = active.role_host
      WHERE active.user = account.user AND active.host = account.host) AS adminRoles,
    'Y' IN (account.insert_priv, account.update_priv, account.delete_priv)
      OR EXISTS (SELECT 1 FROM mysql.db AS db WHERE db.user = account.user AND db.host = account.host
        AND 'Y' IN (db.insert_priv, db.update_priv, db.delete_priv))
      OR EXISTS (SELECT 1 FROM mysql.tables_priv AS tables WHERE tables.user = account.user
        AND tables.host = account.host AND tables.table_priv REGEXP 'Insert|Update|Delete') AS mayWrite
  FROM mysql.user AS account WHERE account.user NOT LIKE 'mysql.%' ORDER BY account.user, account.host`;

const LEDGER_ACCOUNTS = `SELECT
    EXISTS (SELECT 1 FROM mysql.user WHERE user = 'binlog_router_ledger' AND host = 'localhost') AS hasDefiner,
    (SELECT COUNT(*) FROM mysql.tables_priv WHERE user = 'binlog_router_ledger' AND host = 'localhost'
      AND (db = ? AND table_name = 'sessions'
          AND FIND_IN_SET('Select', table_priv) AND FIND_IN_SET('Update', table_priv)
        OR db = 'performance_schema' AND table_name = 'metadata_locks'
          AND FIND_IN_SET('Select', table_priv))) = 2 AS mayDefinerWrite,
    EXISTS (SELECT 1 FROM mysql.db
      WHERE db = ? AND user = '' AND host = '%' AND execute_priv = 'Y') AS isGrantedToEverybody,
    EXISTS (SELECT 1 FROM mysql.user WHERE user = '' AND host = '%'
      AND JSON_VALUE(user_attributes, '$.metadata.comment') = ?) AS isEverybodyOurs`;

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
  return {
    variables,
    replicaOf: await replicaSource(connection),
    retentionSeconds: await retentionSeconds(connection, variables),
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
  const rows = await rowsOf(connection, ACCOUNTS);
  return rows
    .map((row) => ({
      user: String(row["user"]),
      host: String(row["host"]),
      isLocked: isTrue(row["isLocked"]),
      adminPrivileges: listOf(row["adminPrivileges"]),
      adminRoles: listOf(row["adminRoles"]),
      questionsPerHour: Number(row["questionsPerHour"]),
      mayWrite: isTrue(row["mayWrite"]),
    }))
    .filter(({ user }) => !RDS_ACCOUNTS.has(user));
}

function isTrue(value: unknown): boolean {
  return Number(value) === 1;
}

/** What GROUP_CONCAT made of some names without a comma; null of none. */
function listOf(value: unknown): string[] {
  return typeof value === "string" ? value.split(",") : [];
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
): Promise<number | null> {
  if (!isRds(variables)) {
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
  const [table] = await rowsOf(
    connection,
    "SELECT 1 FROM information_schema.tables WHERE table_schema = ? AND table_name = 'sessions'",
    [LEDGER_SCHEMA],
  );
  const [count] = table === undefined ? [] : await rowsOf(connection, COUNT_SLOTS);
  const procedures = await rowsOf(
    connection,
    `SELECT routine_comment AS comment FROM information_schema.routines
     WHERE CONCAT(routine_schema, '.', routine_name) IN (?)`,
    [CALLED_PROCEDURES],
  );
  const comments = procedures.map((row) => String(row["comment"]));
  const [accounts] = await rowsOf(connection, LEDGER_ACCOUNTS, [
    LEDGER_SCHEMA,
    LEDGER_SCHEMA,
    ACCOUNT_COMMENT,
  ]);
  return {
    slots: count === undefined ? null : Number(count["slots"]),
    hasDefiner: isTrue(accounts?.["hasDefiner"]),
    mayDefinerWrite: isTrue(accounts?.["mayDefinerWrite"]),
    procedureComment:
      comments.length < CALLED_PROCEDURES.length
        ? null
        : (comments.find((comment) => comment !== PROCEDURE_COMMENT) ?? PROCEDURE_COMMENT),
    isGrantedToEverybody: isTrue(accounts?.["isGrantedToEverybody"]),
    isEverybodyOurs: isTrue(accounts?.["isEverybodyOurs"]),
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
