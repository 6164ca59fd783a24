import { connectionName } from "../../../wire/session.ts";
import { changeId } from "../../../wire/change-id.ts";
import type { Author } from "../../../wire/session.ts";
import type { PositionedChange, PositionedFrame } from "../../../functions/frame/read-frame.ts";
import { namedAfterLife, queueStream, threadStream } from "../../../functions/failures/stream.ts";
import type { EnvironmentOf } from "../../../functions/routing/environments.ts";
import { connectionOf } from "../../../functions/sessions/attribute.ts";
import { exactValue } from "../../shared/exact-value.ts";
import { type FailureRecords, type ParkedState, parkedState } from "./parked-state.ts";
import type { QueueRule, QueueRules } from "./queue-rules.ts";
import type { ChangeLocator, Whereabouts } from "./whereabouts.ts";

/** What happened to a change for one queue. */
export type QueueFate =
  | Exclude<QueueRule, { kind: "wanted" }>
  | (Omit<Extract<QueueRule, { kind: "wanted" }>, "kind"> & {
      readonly kind: "delivered" | ParkedState["kind"] | Exclude<Whereabouts, "routed">;
      readonly parked?: ParkedState;
    });

/** A change of the row and what happened to it. Times are in ISO 8601. */
export interface ExplainedChange {
  readonly at: string;
  readonly op: string;
  readonly table: string;
  readonly key: unknown;
  readonly before?: unknown;
  readonly after?: unknown;
  readonly id: string;
  readonly gtid: string | null;
  readonly file: string;
  readonly pos: number;
  readonly row: number;
  /** The connection that wrote it, in the form that `failures attribute` accepts. */
  readonly connection: string;
  readonly author: Author | null;
  /**
   * Null when the author is unknown, when it belongs to no environment and the change is dropped,
   * and for a change by the server itself, which goes to all environments.
   */
  readonly environment: string | null;
  /** What happened to the change for all queues; null when `queues` has an entry for each. */
  readonly fate:
    | null
    | { readonly kind: "dropped" | "unrecorded" }
    | { readonly kind: Exclude<Whereabouts, "routed"> }
    | ParkedState;
  readonly queues: readonly QueueFate[];
}

/** A change that was found, with its author. */
export interface FoundChange {
  readonly frame: PositionedFrame;
  readonly change: PositionedChange;
  readonly author: Author | null;
}

export interface ExplainRules extends FailureRecords {
  readonly environmentOf: EnvironmentOf;
  readonly rules: QueueRules;
  readonly locator: ChangeLocator;
}

/** Finds out what happened to a change. With `rows`, the result includes the row images. */
export async function explained(
  found: FoundChange,
  options: ExplainRules,
  rows: boolean,
): Promise<ExplainedChange> {
  const { frame, change, author } = found;
  const [database = "", table = ""] = frame.tables[change.table] ?? [];
  const { gtid = null, file = "", timestampMs = 0 } = frame.transactions[change.transaction] ?? {};
  const { server } = frame;
  const { offset, row, n } = change;
  const environment =
    author === null || isServer(author) ? null : options.environmentOf(author.user, author.host);
  return {
    at: new Date(timestampMs).toISOString(),
    op: change.op,
    table: `${database}.${table}`,
    key: exactValue(change.key),
    ...(rows && { before: exactValue(change.before), after: exactValue(change.after) }),
    id: changeId({ gtid, server, file, offset, row, n }),
    gtid,
    file,
    pos: offset,
    row,
    connection: connectionName(connectionOf(frame, change)),
    author,
    environment,
    ...(await fatesOf(found, environment, options)),
  };
}

function isServer({ attribution }: Author): boolean {
  return attribution === "server";
}

async function fatesOf(
  { frame, change, author }: FoundChange,
  environment: string | null,
  { rules, locator, ...failures }: ExplainRules,
): Promise<Pick<ExplainedChange, "fate" | "queues">> {
  const whereabouts = await locator.of(frame.lane, change.position);
  const none = { queues: [] };
  // The search may know an author that the reader did not know. A change that was parked without an
  // author stays parked until its connection is attributed.
  const unattributed =
    whereabouts === "routed" ? await fateUnderConnection(failures, frame, change) : null;
  if (unattributed !== null) return { fate: unattributed, ...none };
  if (author === null) {
    const fate = whereabouts === "routed" ? "unrecorded" : whereabouts;
    return { fate: { kind: fate }, ...none };
  }
  const isForAll = isServer(author);
  if (environment === null && !isForAll) return { fate: { kind: "dropped" }, ...none };
  const queues = await Promise.all(
    rules
      .of(frame, change, environment)
      .map((rule) => queueFate(rule, whereabouts, { frame, change, author }, failures)),
  );
  return { fate: null, queues };
}

/** The fate of a change whose stream is named after its connection, or connection and life. */
async function fateUnderConnection(
  failures: FailureRecords,
  frame: PositionedFrame,
  change: PositionedChange,
): Promise<ParkedState | null> {
  const first = threadStream(frame.lane, connectionOf(frame, change));
  const streams = frame.life === undefined ? [first] : [first, namedAfterLife(first, frame.life)];
  for (const stream of streams) {
    const { position } = change;
    const fate = await parkedState(failures, stream, { id: "", position, source: frame.source });
    if (fate !== null) return fate;
  }
  return null;
}

async function queueFate(
  rule: QueueRule,
  whereabouts: Whereabouts,
  { frame, change }: FoundChange,
  failures: FailureRecords,
): Promise<QueueFate> {
  if (rule.kind !== "wanted") return rule;
  if (whereabouts !== "routed") return { ...rule, kind: whereabouts };
  const { gtid = null, file = "" } = frame.transactions[change.transaction] ?? {};
  const { offset, row, n, position } = change;
  const id = changeId({ gtid, server: frame.server, file, offset, row, n });
  const parked = await parkedState(failures, queueStream(frame.lane, rule.queueName), {
    id,
    position,
    source: frame.source,
  });
  return parked === null ? { ...rule, kind: "delivered" } : { ...rule, kind: parked.kind, parked };
}
