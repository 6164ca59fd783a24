import type { Connection } from "mysql2/promise";
import type { Account } from "./facts.ts";
import { RDS_ACCOUNTS } from "../../../reader/source/rds.ts";
import { isTrue, rowsOf } from "./rows.ts";

/** The accounts, with the admin roles that are active after a login, directly or through roles. */
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

/** Queries all accounts except those of MySQL itself and of Amazon RDS. */
export async function askAccounts(connection: Connection): Promise<Account[]> {
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

/** Splits a result of GROUP_CONCAT, which is null for no names. The names contain no comma. */
function listOf(value: unknown): string[] {
  return typeof value === "string" ? value.split(",") : [];
}
