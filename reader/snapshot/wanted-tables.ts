import type { SnapshotTarget } from "../../wire/snapshot.ts";
import { tableMatcher } from "../../wire/table-patterns.ts";
import type { FollowedTables } from "../statements/followed-tables.ts";
import { type IsWanted, parseName } from "./find-tables.ts";

/** A subscriber of the configuration, the environments in which it has a queue, and its tables. */
export interface TargetSubscriber {
  readonly subscriber: string;
  readonly environments: readonly string[];
  readonly tables: readonly string[];
}

/**
 * Returns which tables the queue of a snapshot gets, or a sentence: the configuration has no such
 * queue, or the queue does not get all tables that are left.
 *
 * @param subscribers undefined: the reader does not know them, and all tables count as wanted
 * @param left the tables whose rows are not all handed over, `database.table` each
 */
export function wantedTables(
  subscribers: readonly TargetSubscriber[] | undefined,
  { subscriber, environment }: Pick<SnapshotTarget, "subscriber" | "environment">,
  left: readonly string[],
  followed: Pick<FollowedTables, "nameOf">,
): IsWanted | string {
  if (subscribers === undefined) return () => true;
  const found = subscribers.find((each) => each.subscriber === subscriber);
  if (found === undefined || !found.environments.includes(environment))
    return `In the configuration, ${subscriber} has no queue in ${environment}.`;
  const matches = tableMatcher(found.tables.map((pattern) => followed.nameOf(pattern)));
  const isWanted: IsWanted = ({ database, table }) =>
    matches(followed.nameOf(database), followed.nameOf(table));
  const missing = left.find((name) => !isWanted(parseName(name)));
  if (missing === undefined) return isWanted;
  return `In the configuration, ${subscriber} does not get ${missing}.`;
}
