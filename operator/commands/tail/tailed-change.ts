import type { PositionedChange, PositionedFrame } from "../../../functions/frame/read-frame.ts";
import type { Filters } from "../../../functions/filters/filters.ts";
import { isFilterError } from "../../../functions/ground/errors.ts";
import type { AuthoredChange } from "../../../functions/message/authored-change.ts";
import type { EnvironmentOf } from "../../../functions/routing/environments.ts";
import type { Subscriptions } from "../../../functions/routing/subscriptions.ts";
import { changeId } from "../../../wire/change-id.ts";
import type { Author } from "../../../wire/session.ts";
import { exactValue } from "../../shared/exact-value.ts";

/** A change in the output of `tail`. */
export interface TailedChange {
  /** The commit time, ISO 8601. */
  readonly at: string;
  readonly environment: string;
  /** The subscribers whose queues receive it. */
  readonly subscribers: readonly string[];
  readonly op: string;
  readonly table: string;
  readonly key: unknown;
  readonly before: unknown;
  readonly after: unknown;
  /** The statement; only for DDL. */
  readonly statement?: string;
  readonly user: string;
  readonly host: string;
  readonly attribution: Author["attribution"];
  readonly id: string;
  readonly gtid: string | null;
  readonly file: string;
  readonly pos: number;
  readonly row: number;
}

export interface TailRules {
  readonly environment: string;
  /** Undefined for all subscribers of the environment. */
  readonly subscriber: string | undefined;
  readonly environmentOf: EnvironmentOf;
  readonly subscriptions: Subscriptions;
  readonly filters: Filters;
}

/**
 * Describes a change for the environment; null when none of its queues receives it. For one
 * subscriber, the subscriber's filters are applied; otherwise the change is shown as written.
 */
export function tailedChange(
  frame: PositionedFrame,
  { change, author }: AuthoredChange,
  { environment, subscriber, environmentOf, subscriptions, filters }: TailRules,
): TailedChange | null {
  const entry = frame.tables[change.table] ?? (["", ""] as const);
  const [database, table] = entry;
  const isLower = frame.lowerCaseNames === true;
  // What the server itself changed goes to all environments.
  const chosen =
    author.attribution === "server"
      ? subscriptions.everywhere(change.op, database, table, isLower)
      : subscriptions.of(
          environmentOf(author.user, author.host),
          change.op,
          database,
          table,
          isLower,
        );
  let shown: PositionedChange = change;
  const subscribers = chosen
    .filter((each) => each.environment === environment && each.undecided === undefined)
    .map((each) => each.subscriber)
    .filter((name) => subscriber === undefined || name === subscriber)
    .filter((name) => {
      const filter = filters.of(name)?.table(entry, isLower) ?? null;
      const filtered = filter === null ? change : filteredBy(filter, change);
      if (filtered !== null && subscriber !== undefined) shown = filtered;
      return filtered !== null;
    });
  if (subscribers.length === 0) return null;
  const { gtid = null, file = "", timestampMs = 0 } = frame.transactions[change.transaction] ?? {};
  const { offset, row, n } = change;
  const isStatement = shown.op === "ddl";
  return {
    at: new Date(timestampMs).toISOString(),
    environment,
    subscribers,
    op: shown.op,
    table: `${database}.${table}`,
    key: exactValue(shown.key),
    before: exactValue(shown.before),
    after: isStatement ? null : exactValue(shown.after),
    ...(isStatement && { statement: JSON.parse(shown.after) as string }),
    user: author.user,
    host: author.host,
    attribution: author.attribution,
    id: changeId({ gtid, server: frame.server, file, offset, row, n }),
    gtid,
    file,
    pos: offset,
    row,
  };
}

/**
 * Null also when the filter fails: such a change is parked, so the queue does not receive it now.
 */
function filteredBy(
  filter: (change: PositionedChange) => PositionedChange | null,
  change: PositionedChange,
): PositionedChange | null {
  try {
    return filter(change);
  } catch (error) {
    if (isFilterError(error)) return null;
    throw error;
  }
}
