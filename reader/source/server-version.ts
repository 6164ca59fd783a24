import { type Finding, mendedByHand } from "./finding.ts";
import { isAurora, isRds } from "./rds.ts";
import type { ServerVariables } from "./server-variables.ts";

/**
 * The oldest release that is read. In 8.0.15 `GRANT … TO ''@'%'` has no effect before FLUSH
 * PRIVILEGES, and the binlog has no signedness bit for YEAR; 8.0.29 is the first release known to
 * be without both faults.
 */
const OLDEST_VERSION = [8, 0, 29];
export const OLDEST_VERSION_TEXT = OLDEST_VERSION.join(".");

/**
 * Servers that speak MySQL's protocol and are none. Each has its name in the text of its version.
 */
const OTHER_PRODUCTS = [
  {
    mark: /mariadb/i,
    name: "MariaDB",
    why: "its binlog has other GTIDs and events than MySQL's, and the reader decodes MySQL's only",
  },
  {
    mark: /tidb/i,
    name: "TiDB",
    why: "it writes no MySQL binlog",
  },
] as const;

/**
 * Why a server cannot be read, by its version; empty where it can. Every other check and question
 * comes after this one.
 */
export function versionFindings(variables: ServerVariables): Finding[] {
  const version = variables.get("version") ?? "unknown";
  const problem = versionProblem(version);
  if (problem === null) return [];
  const { what, why, isOtherProduct } = problem;
  const remedy = isOtherProduct
    ? `Name a MySQL server ${OLDEST_VERSION_TEXT} or later as source.host.`
    : upgrade(variables);
  return [mendedByHand(remedy, { check: "version", severity: "loss", what, why })];
}

interface VersionProblem {
  readonly what: string;
  readonly why: string;
  readonly isOtherProduct: boolean;
}

/**
 * What is wrong with a version as the server writes it (`8.4.3-log`, `10.11.6-MariaDB`); null where
 * it can be read.
 */
export function versionProblem(version: string): VersionProblem | null {
  const other = OTHER_PRODUCTS.find(({ mark }) => mark.test(version));
  if (other !== undefined) {
    return {
      what: `the server is ${other.name} (version ${version})`,
      why: other.why,
      isOtherProduct: true,
    };
  }
  if (isAtLeast(version, OLDEST_VERSION)) return null;
  return {
    what: `version is ${version}, which is older than ${OLDEST_VERSION_TEXT}`,
    why: "older releases log some unsigned numbers without their sign, and installing the session ledger there can lock accounts out",
    isOtherProduct: false,
  };
}

/**
 * Whether a version as the server writes it (`8.4.3-log`) is that of MySQL's `wanted` release or a
 * later one.
 */
export function isAtLeast(version: string, wanted: readonly number[]): boolean {
  if (OTHER_PRODUCTS.some(({ mark }) => mark.test(version))) return false;
  const parts = version.split(/[^0-9]/).map(Number);
  const i = wanted.findIndex((number, at) => parts[at] !== number);
  return i === -1 || (parts[i] ?? 0) > (wanted[i] ?? 0);
}

/** How each product gets a newer release. */
function upgrade(variables: ServerVariables): string {
  const aurora = variables.get("aurora_version");
  if (isAurora(variables)) {
    return `Upgrade the Aurora cluster from ${aurora ?? "its version"} to Aurora MySQL 3.05 or later.`;
  }
  if (isRds(variables)) {
    return `Upgrade the RDS instance to MySQL ${OLDEST_VERSION_TEXT} or later, by its engine version.`;
  }
  const comment = `${variables.get("version") ?? ""} ${variables.get("version_comment") ?? ""}`;
  if (/percona/i.test(comment)) return `Upgrade to Percona Server ${OLDEST_VERSION_TEXT} or later.`;
  if (/google/i.test(comment)) {
    return `Upgrade the Cloud SQL instance to MySQL ${OLDEST_VERSION_TEXT} or later, by its database version.`;
  }
  if (/azure/i.test(comment)) {
    return `Upgrade the Azure Database for MySQL to ${OLDEST_VERSION_TEXT} or later.`;
  }
  return `Upgrade the server to MySQL ${OLDEST_VERSION_TEXT} or later.`;
}
