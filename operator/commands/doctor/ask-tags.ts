import type { Connection } from "mysql2/promise";
import { LEDGER_DEFINER } from "../../ledger/objects.ts";
import { TAG_SETTERS, TAGGING_PRIVILEGES } from "../../ledger/tagging.ts";
import type { TagFacts } from "./facts.ts";
import { rowsOf } from "./rows.ts";

/**
 * The threads of binlog dumps with their clients' connection attributes. For a replica, the program
 * is `mysqld` and the version is the replica's.
 */
const FOLLOWERS = `SELECT CONCAT(thread.processlist_user, '@', thread.processlist_host) AS name,
    MAX(IF(attrs.attr_name = 'program_name', attrs.attr_value, NULL)) AS program,
    MAX(IF(attrs.attr_name = '_client_version', attrs.attr_value, NULL)) AS version
  FROM performance_schema.threads AS thread
  LEFT JOIN performance_schema.session_connect_attrs AS attrs
    ON attrs.processlist_id = thread.processlist_id
  WHERE thread.processlist_command LIKE 'Binlog Dump%'
  GROUP BY thread.processlist_id, thread.processlist_user, thread.processlist_host`;

const RESETS = `SELECT CONCAT(user, '@', host) AS name, count_star AS count
  FROM performance_schema.events_statements_summary_by_account_by_event_name
  WHERE event_name = 'statement/com/Reset Connection' AND count_star > 0 AND user IS NOT NULL`;

/** Queries what matters to GTID tags, apart from the ledger's objects. */
export async function askTags(connection: Connection): Promise<TagFacts> {
  const grants = await rowsOf(
    connection,
    "SELECT CONCAT(QUOTE(user), '@', QUOTE(host)) AS name, priv FROM mysql.global_grants WHERE priv IN (?)",
    [["TRANSACTION_GTID_TAG", ...TAG_SETTERS]],
  );
  const privileges = new Map<string, Set<string>>();
  for (const { name, priv } of grants) {
    const held = privileges.get(String(name)) ?? new Set();
    privileges.set(String(name), held.add(String(priv)));
  }
  const definer = privileges.get(LEDGER_DEFINER);
  return {
    mayDefinerTag: TAGGING_PRIVILEGES.every((privilege) => definer?.has(privilege) === true),
    setters: [...privileges]
      .filter(([name]) => name !== LEDGER_DEFINER)
      .filter(([, held]) => held.has("TRANSACTION_GTID_TAG"))
      .filter(([, held]) => TAG_SETTERS.some((privilege) => held.has(privilege)))
      .map(([name]) => name),
    followers: (await rowsOf(connection, FOLLOWERS)).map(({ name, program, version }) => ({
      name: String(name),
      replicaVersion: program === "mysqld" && version !== null ? String(version) : null,
    })),
    resets: (await rowsOf(connection, RESETS)).map(({ name, count }) => ({
      name: String(name),
      count: Number(count),
    })),
  };
}
