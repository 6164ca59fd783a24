import type { MetricStore } from "../metrics/metric-store.ts";
import { evaluationRange, type AlarmDefinition } from "./alarm-definition.ts";
import { evaluateDatapoints, type AlarmState, type Datapoint } from "./evaluate-datapoints.ts";

const MINUTE_MS = 60_000;
/** The number of transitions that are kept for each alarm. */
const HISTORY = 50;

/** The present status of an alarm. */
export interface AlarmStatus {
  readonly definition: AlarmDefinition;
  readonly state: AlarmState;
  readonly reason: string;
  readonly sinceMs: number;
  /** The values of the last evaluation periods, oldest first; null for a period without values. */
  readonly recent: readonly (number | null)[];
  /** Newest first. */
  readonly history: readonly Transition[];
}

interface Transition {
  readonly atMs: number;
  readonly from: AlarmState;
  readonly to: AlarmState;
  readonly reason: string;
}

/**
 * Alarms and their states. Like CloudWatch, `evaluate` evaluates each alarm once for every minute
 * that has ended, over periods that end at that minute. Unlike in CloudWatch, an alarm stays in
 * INSUFFICIENT_DATA until its evaluation periods have passed since `startMs`, because the parts
 * that it watches start with it.
 */
export class AlarmBook {
  readonly #store: MetricStore;
  readonly #startMs: number;
  readonly #statuses: Map<string, AlarmStatus>;
  #evaluatedMs: number;

  constructor(store: MetricStore, definitions: readonly AlarmDefinition[], startMs: number) {
    this.#store = store;
    this.#startMs = startMs;
    this.#evaluatedMs = minuteOf(startMs);
    const fresh = (definition: AlarmDefinition): AlarmStatus => ({
      definition,
      state: "INSUFFICIENT_DATA",
      reason: "Not evaluated yet.",
      sinceMs: startMs,
      recent: [],
      history: [],
    });
    this.#statuses = new Map(definitions.map((one) => [one.name, fresh(one)]));
  }

  statuses(): AlarmStatus[] {
    return [...this.#statuses.values()];
  }

  /** The names of the alarms in the state ALARM. */
  ringing(): string[] {
    return this.statuses()
      .filter(({ state }) => state === "ALARM")
      .map(({ definition }) => definition.name);
  }

  /**
   * Evaluates every minute that has ended since the last evaluation. Returns each change of an
   * alarm's state, in order.
   */
  evaluate(nowMs: number): AlarmStatus[] {
    const changed: AlarmStatus[] = [];
    while (this.#evaluatedMs + MINUTE_MS <= nowMs) {
      this.#evaluatedMs += MINUTE_MS;
      for (const status of this.#statuses.values()) {
        const next = this.#next(status, this.#evaluatedMs);
        this.#statuses.set(status.definition.name, next);
        if (next.state !== status.state) changed.push(next);
      }
    }
    return changed;
  }

  #next(status: AlarmStatus, endMs: number): AlarmStatus {
    const { definition } = status;
    const { comparison, threshold, evaluationPeriods, periodMs } = definition;
    const values = this.#values(definition, endMs);
    const recent = values.slice(-evaluationPeriods).map((value) => value ?? null);
    if (endMs - this.#startMs < evaluationPeriods * periodMs) return { ...status, recent };
    const datapoints = values.map((value): Datapoint =>
      value === undefined ? undefined : comparison.breaches(value, threshold),
    );
    const state = evaluateDatapoints(datapoints, definition) ?? status.state;
    const reason = reasonOf(definition, values);
    if (state === status.state) return { ...status, reason, recent };
    const transition = { atMs: endMs, from: status.state, to: state, reason };
    const history = [transition, ...status.history].slice(0, HISTORY);
    return { definition, state, reason, sinceMs: endMs, recent, history };
  }

  /** The values of the evaluation range, oldest first. */
  #values({ metric, statistic, periodMs, ...rules }: AlarmDefinition, endMs: number) {
    const length = evaluationRange(rules);
    return Array.from({ length }, (_, place) => {
      const toMs = endMs - (length - 1 - place) * periodMs;
      return this.#store.statistic(metric, statistic, toMs - periodMs, toMs);
    });
  }
}

function minuteOf(timeMs: number): number {
  return Math.floor(timeMs / MINUTE_MS) * MINUTE_MS;
}

/** The reason for a state, worded like CloudWatch's. */
function reasonOf(definition: AlarmDefinition, values: readonly (number | undefined)[]): string {
  const { evaluationPeriods, comparison, threshold, treatMissingData } = definition;
  const found = values.filter((value) => value !== undefined).slice(-evaluationPeriods);
  const missing = evaluationPeriods - found.length;
  const breaching = found.filter((value) => comparison.breaches(value, threshold));
  const bound = `${comparison.words} ${threshold}`;
  const real =
    found.length === 0
      ? ""
      : `${breaching.length} of ${found.length} datapoints [${found.map(rounded).join(", ")}] were ${bound}. `;
  if (missing === 0) return real.trim();
  return `${real}${missing} of ${evaluationPeriods} datapoints were missing and are treated as ${treatMissingData}.`;
}

function rounded(value: number): string {
  return String(Math.round(value * 100) / 100);
}
