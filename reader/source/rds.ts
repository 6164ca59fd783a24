import type { ServerVariables } from "./server-variables.ts";

/** Whether a server is Amazon RDS or Aurora, where parameter groups set the server variables. */
export function isRds(variables: ServerVariables): boolean {
  return (variables.get("basedir") ?? "").startsWith("/rdsdbbin");
}

/** Whether a server is an instance of an Aurora MySQL cluster. */
export function isAurora(variables: ServerVariables): boolean {
  return variables.has("aurora_version");
}

/**
 * The maximum of `binlog retention hours` on RDS for MySQL or Aurora; undefined on other servers.
 */
export function longestRetentionHours(variables: ServerVariables): number | undefined {
  if (!isRds(variables)) return undefined;
  return isAurora(variables) ? 2160 : 168;
}

/** Accounts that only Amazon uses, to run the server. */
export const RDS_ACCOUNTS: ReadonlySet<string> = new Set([
  "rdsadmin",
  "rdsrepladmin",
  "rdsproxyadmin",
  "rds_superuser_role",
]);
