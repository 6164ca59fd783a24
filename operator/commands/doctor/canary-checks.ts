import {
  CANARY_DATABASE,
  CANARY_SUBSCRIBER,
  CANARY_TABLE,
  CANARY_USER,
  CREATE_CANARY_TABLE,
} from "../../../config/canary-names.ts";
import { type Finding, fixedByStatements } from "../../../reader/source/finding.ts";
import type { TableColumns } from "./ask-columns.ts";

/** Checks whether the canary's table exists, when the configuration has a canary. */
export function canaryFindings(
  subscribers: Readonly<Record<string, unknown>>,
  tables: readonly Pick<TableColumns, "database" | "table">[],
): Finding[] {
  if (!Object.hasOwn(subscribers, CANARY_SUBSCRIBER)) return [];
  if (tables.some(({ database, table }) => `${database}.${table}` === CANARY_TABLE)) return [];
  return [
    fixedByStatements(
      [`CREATE DATABASE IF NOT EXISTS ${CANARY_DATABASE}`, CREATE_CANARY_TABLE],
      {
        check: "canary.table",
        severity: "warning",
        what: `the canary's table ${CANARY_TABLE} does not exist, or this account cannot see it`,
        why: "the canary writes a row to it every minute; without it the alarm Canary missing rings",
      },
      `then GRANT INSERT, UPDATE ON ${CANARY_TABLE} to the canary's account (${CANARY_USER}, unless canary.user names another)`,
    ),
  ];
}
