import { randomBytes } from "node:crypto";
import type { Connection } from "mysql2/promise";
import { parseUserEntry } from "../../../config/user-entries.ts";
import { isGlob } from "../../../wire/glob.ts";
import { UsageError } from "../request/refusal.ts";

const READER_USER = "binlog_router";

/** A MySQL account that stands for an environment. */
export interface PlannedAccount {
  readonly environment: string;
  readonly user: string;
  /** Where it may log in from, as MySQL writes it; `%` for everywhere. */
  readonly host: string;
}

export interface EnvironmentAccount extends PlannedAccount {
  readonly password: string;
}

/**
 * The accounts that a configuration names one by one: `app_staging` and `app@10.0.3.7`, but not
 * `stg_*`.
 */
export function plannedAccounts(
  environments: Readonly<Record<string, { readonly users: readonly string[] }>>,
): PlannedAccount[] {
  return Object.entries(environments).flatMap(([environment, { users }]) =>
    [...new Set(users)]
      .filter((entry) => !isGlob(entry))
      .map((entry) => {
        const { user, host } = parseUserEntry(entry);
        return { environment, user, host: host === "*" ? "%" : host };
      }),
  );
}

/** Accounts that a server of our own has for itself. */
const OWN_ACCOUNTS: ReadonlySet<string> = new Set([
  "root",
  READER_USER,
  "binlog_router_ledger",
  "mysql.session",
  "mysql.sys",
  "mysql.infoschema",
]);

/**
 * Throws UsageError when a configuration wants accounts that a server of our own needs for itself:
 * the administrator's would meet the wrong password, the reader's would be there already.
 */
export function refuseOwnAccounts(planned: readonly PlannedAccount[]): void {
  const taken = planned.filter(({ user }) => OWN_ACCOUNTS.has(user));
  if (taken.length === 0) return;
  const entries = taken.map(({ environment, user }) => `${user} (environment ${environment})`);
  throw new UsageError(
    `the MySQL server that is started here has accounts of its own for ${entries.join(", ")}: ` +
      "name others in the configuration's environments, or use a server of yours with --mysql",
  );
}

/** The databases that table patterns include, as patterns with `*` and `?`. */
export function configuredDatabases(tablePatterns: readonly string[]): string[] {
  const included = tablePatterns.filter((pattern) => !pattern.startsWith("!"));
  return [...new Set(included.map((pattern) => pattern.slice(0, pattern.indexOf("."))))];
}

/**
 * A database pattern as GRANT writes it: `%` and `_` stand for any characters, so real ones are
 * escaped.
 */
export function grantPattern(database: string): string {
  return database
    .replace(/[\\%_]/g, "\\$&")
    .replaceAll("*", "%")
    .replaceAll("?", "_");
}

/**
 * Creates the accounts, with all privileges on the databases, and the databases that are named
 * without a wildcard. Accounts that are there get the password, and nothing else changes.
 */
export async function createAccounts(
  administrator: Connection,
  planned: readonly PlannedAccount[],
  databases: readonly string[],
  passwordOf: (account: string) => string,
): Promise<EnvironmentAccount[]> {
  for (const database of databases.filter((name) => !isGlob(name))) {
    await administrator.query("CREATE DATABASE IF NOT EXISTS ??", [database]);
  }
  const accounts = planned.map((account) => ({
    ...account,
    password: passwordOf(`${account.user}@${account.host}`),
  }));
  for (const { user, host, password } of accounts) {
    await createAccount(administrator, user, host, password);
    for (const database of databases) {
      const grant = grantPattern(database);
      await administrator.query("GRANT ALL PRIVILEGES ON ??.* TO ?@?", [grant, user, host]);
    }
  }
  return accounts;
}

async function createAccount(
  administrator: Connection,
  user: string,
  host: string,
  password: string,
): Promise<void> {
  const account = [user, host, password];
  await administrator.query("CREATE USER IF NOT EXISTS ?@? IDENTIFIED BY ?", account);
  await administrator.query("ALTER USER ?@? IDENTIFIED BY ?", account);
}

/**
 * The account that the reader needs, with no privilege more, and its password. `databases`: of
 * whose tables it takes snapshots.
 */
export async function createReaderAccount(
  administrator: Connection,
  databases: readonly string[] = [],
  password = newPassword(),
): Promise<{ user: string; password: string }> {
  const user = READER_USER;
  await createAccount(administrator, user, "%", password);
  await administrator.query("GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO ?@'%'", [user]);
  await administrator.query("GRANT SELECT ON performance_schema.* TO ?@'%'", [user]);
  for (const database of databases)
    await administrator.query("GRANT SELECT ON ??.* TO ?@'%'", [grantPattern(database), user]);
  return { user, password };
}

/** Letters and digits only, so that it can be typed into any shell. */
export function newPassword(): string {
  return randomBytes(8).toString("hex");
}
