import { distance, plural, time } from "../../shared/render.ts";
import type { OrderedSnapshot } from "./orders.ts";

/** A snapshot in the output of `--json`. Times are in ISO 8601. */
export interface SnapshotView {
  readonly id: string;
  readonly subscriber: string;
  readonly environment: string;
  /** `ordered` until a reader has seen the order. */
  readonly state: string;
  readonly reason: string;
  /**
   * The patterns of the order; the tables, once the reader has looked them up, and until an initial
   * snapshot has ended.
   */
  readonly tables: readonly string[];
  readonly tablesDone: number;
  readonly rows: number;
  readonly estimatedRows: number | null;
  /** Null until the reader has an estimate. */
  readonly percent: number | null;
  readonly secondsLeft: number | null;
  readonly chunks: number;
  readonly rereads: number;
  readonly where: string | null;
  readonly rowsPerSecond: number | null;
  readonly startedBy: string;
  readonly startedAt: string;
  readonly updatedAt: string | null;
}

export function viewOf({ order, report }: OrderedSnapshot): SnapshotView {
  const { id, subscriber, environment, where, rate, startedBy, startedMs } = order;
  const { percent, secondsLeft } = estimate(report);
  return {
    id,
    subscriber,
    environment,
    state: stateOf({ order, report }),
    reason: report?.reason ?? "",
    tables: report === null || report.tables.length === 0 ? order.tables : report.tables,
    tablesDone: report?.tablesDone ?? 0,
    rows: report?.rows ?? 0,
    estimatedRows: report?.estimatedRows ?? null,
    percent,
    secondsLeft,
    chunks: report?.chunks ?? 0,
    rereads: report?.rereads ?? 0,
    where: where ?? null,
    rowsPerSecond: rate ?? null,
    startedBy,
    startedAt: time(startedMs),
    updatedAt: report === null ? null : time(report.updatedMs),
  };
}

function stateOf({ order, report }: OrderedSnapshot): string {
  if (report === null) return order.wanted === "cancel" ? "cancelled" : "ordered";
  return report.state;
}

/**
 * InnoDB's number of rows is an estimate. The percentage therefore stays below 100 until the last
 * row is read.
 */
function estimate(report: OrderedSnapshot["report"]): {
  readonly percent: number | null;
  readonly secondsLeft: number | null;
} {
  if (report === null) return { percent: null, secondsLeft: null };
  const { state, rows, estimatedRows, begunMs, updatedMs } = report;
  if (state === "complete") return { percent: 100, secondsLeft: 0 };
  if (estimatedRows === null) return { percent: null, secondsLeft: null };
  const share = estimatedRows === 0 ? 0 : Math.min(rows / estimatedRows, 0.99);
  const isUnderWay = begunMs !== null && rows > 0 && (state === "running" || state === "resting");
  const left = Math.max(0, estimatedRows - rows);
  return {
    percent: Math.floor(share * 100),
    secondsLeft: isUnderWay ? Math.ceil((((updatedMs - begunMs) / rows) * left) / 1000) : null,
  };
}

/** Describes the progress in one line. */
export function progressText({ state, rows, percent, secondsLeft, reason }: SnapshotView): string {
  const share = percent === null ? "" : `, ${percent} %`;
  const left =
    secondsLeft === null || secondsLeft === 0
      ? ""
      : `, about ${distance(secondsLeft * 1000, 0).slice(3)} left`;
  return `${state}: ${plural(rows, "row")}${share}${left}${reason === "" ? "" : ` (${reason})`}`;
}
