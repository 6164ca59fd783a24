import { randomBytes } from "node:crypto";
import type { Connection } from "mysql2/promise";
import { parseUserEntry } from "../../../config/user-entries.ts";
import { isGlob } from "../../../wire/glob.ts";
import { UsageError } from "../request/refusal.ts";

const READER_USER = "binlog_router";

/** A MySQL account of an environment. */
export interface PlannedAccount {
  readonly environment: string;
  readonly user: string;
  /** The host that it may log in from, in MySQL's notation; `%` for all. */
  readonly host: string;
}

export interface EnvironmentAccount extends PlannedAccount {
  readonly password: string;
}

/** The accounts that a configuration names: `app_staging` and `app@10.0.3.7`, but not `stg_*`. */
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

/** Accounts that a server started here uses itself. */
const OWN_ACCOUNTS: ReadonlySet<string> = new Set([
  "root",
  READER_USER,
  "binlog_router_ledger",
  "mysql.session",
  "mysql.sys",
  "mysql.infoschema",
]);

/**
 * Throws UsageError when a configuration names accounts that a server started here uses itself.
 * Otherwise the administrator's account would get another password, and the reader's would already
 * exist.
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
 * A database pattern as GRANT expects it. `%` and `_` are GRANT's wildcards, so in a name they are
 * escaped.
 */
export function grantPattern(database: string): string {
  return database
    .replace(/[\\%_]/g, "\\$&")
    .replaceAll("*", "%")
    .replaceAll("?", "_");
}

/**
 * Creates the accounts, with all privileges on the databases, and the databases whose names have no
 * wildcard. An account that exists gets the password; nothing else of it changes.
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
 * Creates the reader's account with exactly the privileges that the reader needs; returns user and
 * password. `databases`: those with tables that the reader takes snapshots of.
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

/** A random password of letters and digits, which can be typed into any shell. */
export function newPassword(): string {
  return randomBytes(8).toString("hex");
}
