import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { ScheduledEvent } from "aws-lambda";

const UNIT_MS = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;

/** A schedule expression of EventBridge that the local schedule does not support. */
export class ScheduleExpressionError extends Error {
  override readonly name = "ScheduleExpressionError";

  constructor(expression: string) {
    super(`the local schedule runs "rate(…)" expressions only, not ${JSON.stringify(expression)}`);
  }
}

/**
 * The period of an expression like `rate(1 minute)` or `rate(5 minutes)`, milliseconds. Throws
 * ScheduleExpressionError for any other.
 */
export function ratePeriodMs(expression: string): number {
  const match = /^rate\(([1-9]\d*) (minute|hour|day)s?\)$/.exec(expression);
  if (match === null) throw new ScheduleExpressionError(expression);
  return Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS];
}

export interface ScheduleOptions {
  readonly periodMs: number;
  /** Time until the first invocation; default: one period. */
  readonly firstAfterMs?: number;
  readonly region: string;
  readonly invoke: (event: unknown) => Promise<unknown>;
  /** Called when an invocation fails; the schedule continues. */
  readonly onProblem: (error: unknown) => void;
}

/**
 * Invokes a function, waits one period after the invocation has ended, and repeats this until
 * `signal` is aborted. The first wait is `firstAfterMs`.
 */
export async function runSchedule(options: ScheduleOptions, signal: AbortSignal): Promise<void> {
  for (let waitMs = options.firstAfterMs ?? options.periodMs; ; waitMs = options.periodMs) {
    try {
      await delay(waitMs, undefined, { signal });
    } catch {
      return;
    }
    await options.invoke(scheduledEvent(options.region, new Date())).catch(options.onProblem);
  }
}

function scheduledEvent(region: string, time: Date): ScheduledEvent<Record<string, never>> {
  return {
    id: randomUUID(),
    version: "0",
    account: "000000000000",
    time: time.toISOString(),
    region,
    resources: [],
    source: "aws.events",
    "detail-type": "Scheduled Event",
    detail: {},
  };
}
