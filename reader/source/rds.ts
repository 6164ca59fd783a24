import type { ServerVariables } from "./server-variables.ts";

/**
 * Whether a server is Amazon RDS or Aurora: server variables are then set in parameter groups, not
 * by statements.
 */
export function isRds(variables: ServerVariables): boolean {
  return (variables.get("basedir") ?? "").startsWith("/rdsdbbin");
}

/** Whether a server is an instance of an Aurora MySQL cluster. */
export function isAurora(variables: ServerVariables): boolean {
  return variables.has("aurora_version");
}

/**
 * The longest `binlog retention hours` that RDS for MySQL and Aurora take; undefined where there is
 * no such limit.
 */
export function longestRetentionHours(variables: ServerVariables): number | undefined {
  if (!isRds(variables)) return undefined;
  return isAurora(variables) ? 2160 : 168;
}

/** Accounts by which Amazon runs the server; nobody else has their passwords. */
export const RDS_ACCOUNTS: ReadonlySet<string> = new Set([
  "rdsadmin",
  "rdsrepladmin",
  "rdsproxyadmin",
  "rds_superuser_role",
]);
