import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { type Item, map, number, numberOf, text, textOf } from "./attributes.ts";
import type { SnapshotTarget } from "./snapshot.ts";

/**
 * The item `snapshots` of the offsets table. Operators write their orders to attributes
 * `order#<id>`, and the reader writes each order's progress to `report#<id>`. The route function
 * writes `dropped#<id>` when it drops rows because the subscriber has no queue in the environment;
 * the reader then stops the snapshot and removes the attribute. All are in one item, because the
 * reader polls it every two seconds.
 */
export const SNAPSHOTS_KEY: Item = { id: text("snapshots") };

/** An operator's order of a snapshot. */
export interface SnapshotOrder extends SnapshotTarget {
  /** Table patterns, as in the configuration. */
  readonly tables: readonly string[];
  /** A condition on the rows; left out: all rows. */
  readonly where?: string;
  /** The largest number of rows a second; left out: no limit. */
  readonly rate?: number;
  /** The operator's identity: an ARN, or the user of the machine. */
  readonly startedBy: string;
  /** Milliseconds since 1970. */
  readonly startedMs: number;
  readonly wanted: SnapshotWish;
  /**
   * Of an initial snapshot: since when the configuration has no such snapshot, milliseconds since
   * 1970; left out while it has.
   */
  readonly unneededMs?: number;
}

export type SnapshotWish = "run" | "pause" | "cancel";

/**
 * waiting: another snapshot runs; resting: the stream is behind, or a connection is broken;
 * refused: the snapshot cannot begin; stopped: it cannot continue until an operator acts.
 */
export type SnapshotState =
  | "waiting"
  | "running"
  | "resting"
  | "paused"
  | "complete"
  | "cancelled"
  | "refused"
  | "stopped";

/** The progress of an order. */
export interface SnapshotReport {
  readonly state: SnapshotState;
  /** Why the snapshot was refused, was stopped or rests, and what to do; else "". */
  readonly reason: string;
  /**
   * The tables as `database.table`, in the order in which they are read; empty until the reader has
   * looked them up.
   */
  readonly tables: readonly string[];
  /** How many of `tables` are complete. */
  readonly tablesDone: number;
  /** Rows read from all tables so far. */
  readonly rows: number;
  /** The server's estimate of the rows of all tables; null until the reader has asked for it. */
  readonly estimatedRows: number | null;
  readonly chunks: number;
  /** The number of keys that were read again. */
  readonly rereads: number;
  /** When the first row was read, milliseconds since 1970; null before that. */
  readonly begunMs: number | null;
  readonly updatedMs: number;
}

/** Whether the state is final. */
export function isOver(state: SnapshotState): boolean {
  return state === "complete" || state === "cancelled" || state === "refused";
}

const INITIAL = "initial-";

/**
 * The id of the order that the reader writes once for a pair with an initial snapshot. It is part
 * of the ids of the rows, and an application may remember those of several sources.
 */
export function initialId(
  source: string,
  { subscriber, environment }: Omit<SnapshotTarget, "id">,
): string {
  return `${INITIAL}${source}-${subscriber}-${environment}`;
}

export function isInitialId(id: string): boolean {
  return id.startsWith(INITIAL);
}

const ORDER = "order#";
const REPORT = "report#";
const DROPPED = "dropped#";
/** The field of an order that has its `unneededMs`. */
export const UNNEEDED = "unneededMs";

/** The names of all attributes of an order. */
export function attributesOf(id: string): Readonly<Record<"order" | "report" | "dropped", string>> {
  return { order: ORDER + id, report: REPORT + id, dropped: DROPPED + id };
}

export function orderAttribute(order: SnapshotOrder): readonly [string, AttributeValue] {
  const { id, subscriber, environment, tables, where, rate, startedBy, startedMs, wanted } = order;
  return [
    `${ORDER}${id}`,
    map([
      ["subscriber", text(subscriber)],
      ["environment", text(environment)],
      ["tables", text(JSON.stringify(tables))],
      ...(where === undefined ? [] : [["where", text(where)] as const]),
      ...(rate === undefined ? [] : [["rate", number(rate)] as const]),
      ["startedBy", text(startedBy)],
      ["startedMs", number(startedMs)],
      ["wanted", text(wanted)],
    ]),
  ];
}

export function reportAttribute(
  id: string,
  report: SnapshotReport,
): readonly [string, AttributeValue] {
  const { state, reason, tables, tablesDone, rows, estimatedRows, chunks, rereads } = report;
  return [
    `${REPORT}${id}`,
    map([
      ["state", text(state)],
      ["reason", text(reason)],
      ["tables", text(JSON.stringify(tables))],
      ["tablesDone", number(tablesDone)],
      ["rows", number(rows)],
      ...(estimatedRows === null ? [] : [["estimatedRows", number(estimatedRows)] as const]),
      ["chunks", number(chunks)],
      ["rereads", number(rereads)],
      ...(report.begunMs === null ? [] : [["begunMs", number(report.begunMs)] as const]),
      ["updatedMs", number(report.updatedMs)],
    ]),
  ];
}

/** An order in the item. */
export interface FoundSnapshot {
  readonly order: SnapshotOrder;
  /** Null until the reader has seen the order. */
  readonly report: SnapshotReport | null;
  /** Whether rows were dropped because the subscriber has no queue in the environment. */
  readonly isDropped: boolean;
}

/** The orders in the item, oldest first. */
export function snapshotsIn(item: Item): readonly FoundSnapshot[] {
  return Object.keys(item)
    .filter((name) => name.startsWith(ORDER))
    .map((name) => {
      const id = name.slice(ORDER.length);
      return {
        order: orderOf(id, item[name]?.M ?? {}),
        report: reportOf(item[REPORT + id]?.M),
        isDropped: item[DROPPED + id] !== undefined,
      };
    })
    .sort(
      (one, other) =>
        one.order.startedMs - other.order.startedMs || (one.order.id < other.order.id ? -1 : 1),
    );
}

function orderOf(id: string, item: Item): SnapshotOrder {
  const where = textOf(item, "where");
  const rate = numberOf(item, "rate");
  const unneededMs = numberOf(item, UNNEEDED);
  return {
    id,
    subscriber: textOf(item, "subscriber") ?? "",
    environment: textOf(item, "environment") ?? "",
    tables: listOf(textOf(item, "tables")),
    ...(where !== undefined && { where }),
    ...(rate !== undefined && { rate }),
    startedBy: textOf(item, "startedBy") ?? "",
    startedMs: numberOf(item, "startedMs") ?? 0,
    wanted: (textOf(item, "wanted") ?? "run") as SnapshotWish,
    ...(unneededMs !== undefined && { unneededMs }),
  };
}

function reportOf(item: Item | undefined): SnapshotReport | null {
  if (item === undefined) return null;
  return {
    state: (textOf(item, "state") ?? "waiting") as SnapshotState,
    reason: textOf(item, "reason") ?? "",
    tables: listOf(textOf(item, "tables")),
    tablesDone: numberOf(item, "tablesDone") ?? 0,
    rows: numberOf(item, "rows") ?? 0,
    estimatedRows: numberOf(item, "estimatedRows") ?? null,
    chunks: numberOf(item, "chunks") ?? 0,
    rereads: numberOf(item, "rereads") ?? 0,
    begunMs: numberOf(item, "begunMs") ?? null,
    updatedMs: numberOf(item, "updatedMs") ?? 0,
  };
}

function listOf(json: string | undefined): readonly string[] {
  return json === undefined ? [] : (JSON.parse(json) as string[]);
}
