import type { Connection, RowDataPacket } from "mysql2/promise";
import { quoteName } from "../../../reader/source/quote-name.ts";
import { DEMO_COMMENT, DEMO_DATABASE, DEMO_SCHEMA, DEMO_TABLES } from "./demonstration-schema.ts";
import { NoDemonstrationError } from "../request/refusal.ts";
import { newPassword, type EnvironmentAccount, type PlannedAccount } from "./accounts.ts";

/**
 * Makes the demonstration's tables and accounts on a given server, and removes those of an earlier
 * demonstration that was killed. A comment marks them. If a table or account of the same name
 * exists without that comment, it makes nothing and throws NoDemonstrationError.
 */
export async function makeDemonstration(
  administrator: Connection,
  planned: readonly PlannedAccount[],
): Promise<EnvironmentAccount[]> {
  await refuseForeignObjects(administrator, planned);
  await removeDemonstration(administrator);
  for (const statement of DEMO_SCHEMA) await administrator.query(statement);
  const accounts = planned.map((account) => ({ ...account, password: newPassword() }));
  for (const { user, host, password } of accounts) {
    await administrator.query("CREATE USER ?@? IDENTIFIED BY ? COMMENT ?", [
      user,
      host,
      password,
      DEMO_COMMENT,
    ]);
    for (const table of DEMO_TABLES) {
      await administrator.query("GRANT ALL PRIVILEGES ON ??.?? TO ?@?", [
        DEMO_DATABASE,
        table,
        user,
        host,
      ]);
    }
  }
  return accounts;
}

/**
 * Removes the tables and accounts with the demonstration's comment, and their database when it has
 * no other tables.
 */
export async function removeDemonstration(administrator: Connection): Promise<void> {
  for (const { user, host } of await demonstrationAccounts(administrator)) {
    await administrator.query("DROP USER IF EXISTS ?@?", [user, host]);
  }
  const tables = await tablesOf(administrator);
  const own = tables.filter(({ comment }) => comment === DEMO_COMMENT);
  for (const { name } of own) {
    await administrator.query(
      `DROP TABLE IF EXISTS ${quoteName(DEMO_DATABASE)}.${quoteName(name)}`,
    );
  }
  if (own.length > 0 && own.length === tables.length) {
    await administrator.query("DROP DATABASE IF EXISTS ??", [DEMO_DATABASE]);
  }
}

async function refuseForeignObjects(
  administrator: Connection,
  planned: readonly PlannedAccount[],
): Promise<void> {
  const taken = (await tablesOf(administrator))
    .filter(
      ({ name, comment }) =>
        DEMO_TABLES.some((table) => table === name) && comment !== DEMO_COMMENT,
    )
    .map(({ name }) => `the table ${DEMO_DATABASE}.${name}`);
  const own = await demonstrationAccounts(administrator);
  for (const { user, host } of planned) {
    if (own.some((account) => account.user === user && account.host === host)) continue;
    const [rows] = await administrator.query<RowDataPacket[]>(
      "SELECT 1 FROM mysql.user WHERE user = ? AND host = ?",
      [user, host],
    );
    if (rows.length > 0) taken.push(`the account ${user}@${host}`);
  }
  if (taken.length === 0) return;
  throw new NoDemonstrationError(
    `the demonstration needs ${taken.join(", ")}, but this server has its own of this name; to leave it unchanged, add --no-demo`,
  );
}

async function demonstrationAccounts(
  administrator: Connection,
): Promise<{ user: string; host: string }[]> {
  const [rows] = await administrator.query<RowDataPacket[]>(
    "SELECT user, host FROM mysql.user WHERE JSON_VALUE(user_attributes, '$.metadata.comment') = ?",
    [DEMO_COMMENT],
  );
  return rows.map((row) => ({ user: String(row["user"]), host: String(row["host"]) }));
}

async function tablesOf(administrator: Connection): Promise<{ name: string; comment: string }[]> {
  const [rows] = await administrator.query<RowDataPacket[]>(
    "SELECT table_name AS name, table_comment AS comment FROM information_schema.tables WHERE table_schema = ?",
    [DEMO_DATABASE],
  );
  return rows.map((row) => ({ name: String(row["name"]), comment: String(row["comment"]) }));
}
