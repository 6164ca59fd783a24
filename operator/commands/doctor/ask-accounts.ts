import type { Connection } from "mysql2/promise";
import type { Account } from "./facts.ts";
import { RDS_ACCOUNTS } from "../../../reader/source/rds.ts";
import { isTrue, rowsOf } from "./rows.ts";

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

/** All accounts but MySQL's own and Amazon's. */
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

/** What GROUP_CONCAT made of some names without a comma; null of none. */
function listOf(value: unknown): string[] {
  return typeof value === "string" ? value.split(",") : [];
}
