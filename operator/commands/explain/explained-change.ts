import { connectionName } from "../../../wire/session.ts";
import { changeId } from "../../../wire/change-id.ts";
import type { Author } from "../../../wire/session.ts";
import type { PositionedChange, PositionedFrame } from "../../../functions/frame/read-frame.ts";
import {
  namedAfterLife,
  queueStream,
  type Stream,
  threadStream,
} from "../../../functions/failures/stream.ts";
import type { EnvironmentOf } from "../../../functions/routing/environments.ts";
import { connectionOf } from "../../../functions/sessions/attribute.ts";
import { exactValue } from "../../shared/exact-value.ts";
import {
  type FailureRecords,
  type ParkedChange,
  type ParkedState,
  parkedState,
} from "./parked-state.ts";
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
  const lanes = whereabouts === "routed" ? await locator.lanesOf(frame.lane, change.position) : [];
  const none = { queues: [] };
  // The search may know an author that the reader did not know. A change that was parked without an
  // author stays parked until its connection is attributed.
  const unattributed = await fateUnderConnection(failures, lanes, { frame, change });
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
      .map((rule) => queueFate(rule, { whereabouts, lanes }, { frame, change }, failures)),
  );
  return { fate: null, queues };
}

/** The fate of a change whose stream is named after its connection, or connection and life. */
async function fateUnderConnection(
  failures: FailureRecords,
  lanes: readonly number[],
  { frame, change }: Pick<FoundChange, "frame" | "change">,
): Promise<ParkedState | null> {
  const streams = lanes.flatMap((lane) => {
    const first = threadStream(lane, connectionOf(frame, change));
    return frame.life === undefined ? [first] : [first, namedAfterLife(first, frame.life)];
  });
  const { position } = change;
  return await firstState(failures, streams, { id: "", position, source: frame.source });
}

interface Place {
  readonly whereabouts: Whereabouts;
  /** The lanes by which the change may have been sent. */
  readonly lanes: readonly number[];
}

async function queueFate(
  rule: QueueRule,
  { whereabouts, lanes }: Place,
  { frame, change }: Pick<FoundChange, "frame" | "change">,
  failures: FailureRecords,
): Promise<QueueFate> {
  if (rule.kind !== "wanted") return rule;
  if (whereabouts !== "routed") return { ...rule, kind: whereabouts };
  const { gtid = null, file = "" } = frame.transactions[change.transaction] ?? {};
  const { offset, row, n, position } = change;
  const id = changeId({ gtid, server: frame.server, file, offset, row, n });
  const streams = lanes.map((lane) => queueStream(lane, rule.queueName));
  const parked = await firstState(failures, streams, { id, position, source: frame.source });
  return parked === null ? { ...rule, kind: "delivered" } : { ...rule, kind: parked.kind, parked };
}

/** The state of a change in the first of the streams that has one; "uncertain" gives way. */
async function firstState(
  failures: FailureRecords,
  streams: readonly Stream[],
  change: Omit<ParkedChange, "mayBeOfOtherLane">,
): Promise<ParkedState | null> {
  const mayBeOfOtherLane = new Set(streams.map(({ lane }) => lane)).size > 1;
  let uncertain: ParkedState | null = null;
  for (const stream of streams) {
    const state = await parkedState(failures, stream, { ...change, mayBeOfOtherLane });
    if (state !== null && state.kind !== "uncertain") return state;
    uncertain ??= state;
  }
  return uncertain;
}
