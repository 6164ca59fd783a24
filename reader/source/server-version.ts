import { type Finding, fixedByHand } from "./finding.ts";
import { isAurora, isRds } from "./rds.ts";
import type { ServerVariables } from "./server-variables.ts";

/**
 * The oldest supported release. In 8.0.15 `GRANT … TO ''@'%'` has no effect before FLUSH
 * PRIVILEGES, and the binlog has no signedness bit for YEAR; 8.0.29 is the first release in which
 * both faults are known to be fixed.
 */
const OLDEST_VERSION = [8, 0, 29];
export const OLDEST_VERSION_TEXT = OLDEST_VERSION.join(".");

/** Other products that use MySQL's protocol. Their version text contains their name. */
const OTHER_PRODUCTS = [
  {
    mark: /mariadb/i,
    name: "MariaDB",
    why: "its GTIDs and binlog events differ from MySQL's, and the reader decodes only MySQL's",
  },
  {
    mark: /tidb/i,
    name: "TiDB",
    why: "it does not write a MySQL binlog",
  },
] as const;

/**
 * Findings about an unsupported version; empty when the version is supported. This check comes
 * before all others.
 */
export function versionFindings(variables: ServerVariables): Finding[] {
  const version = variables.get("version") ?? "unknown";
  const problem = versionProblem(version);
  if (problem === null) return [];
  const { what, why, isOtherProduct } = problem;
  const remedy = isOtherProduct
    ? `Name a MySQL server ${OLDEST_VERSION_TEXT} or later as source.host.`
    : upgrade(variables);
  return [fixedByHand(remedy, { check: "version", severity: "loss", what, why })];
}

interface VersionProblem {
  readonly what: string;
  readonly why: string;
  readonly isOtherProduct: boolean;
}

/**
 * Why a version (as the server writes it: `8.4.3-log`, `10.11.6-MariaDB`) is unsupported; null when
 * it is supported.
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
 * Whether a version (as the server writes it: `8.4.3-log`) is MySQL's `wanted` release or a later
 * one; false for other products.
 */
export function isAtLeast(version: string, wanted: readonly number[]): boolean {
  if (OTHER_PRODUCTS.some(({ mark }) => mark.test(version))) return false;
  const parts = version.split(/[^0-9]/).map(Number);
  const i = wanted.findIndex((number, at) => parts[at] !== number);
  return i === -1 || (parts[i] ?? 0) > (wanted[i] ?? 0);
}

/** The remedy: how to upgrade the product that the server is. */
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
