import { type Finding, fixedByHand } from "../../../reader/source/finding.ts";
import type { ServerVariables } from "../../../reader/source/server-variables.ts";
import { tableMatcher } from "../../../wire/table-patterns.ts";
import type { CascadingKey } from "./ask-cascades.ts";

/**
 * Reports foreign keys of followed tables whose cascaded changes are missing from the binlog.
 * `tables` are the configuration's patterns.
 */
export function cascadeFindings(
  keys: readonly CascadingKey[],
  tables: readonly string[],
  variables: ServerVariables,
): Finding[] {
  const isLoggedByServer = variables.get("innodb_native_foreign_keys") === "OFF";
  const isFollowed = tableMatcher(tables);
  const followed = keys.filter(({ database, table }) => isFollowed(database, table));
  if (isLoggedByServer || followed.length === 0) return [];
  const names = followed.map(
    ({ database, table, name, rules }) => `${database}.${table}.${name} (${rules})`,
  );
  return [
    fixedByHand(
      variables.has("innodb_native_foreign_keys")
        ? "Start the server with innodb_native_foreign_keys=OFF, or have the application or triggers change the child rows."
        : "Have the application or triggers change the child rows, and make the keys RESTRICT.",
      {
        check: "foreign-keys",
        severity: "note",
        what: `foreign keys of followed tables cascade: ${names.join(", ")}`,
        why: "InnoDB changes the child rows itself, and this server does not log these changes, so subscribers receive the change of the parent row only",
      },
    ),
  ];
}
