import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { ScheduledEvent } from "aws-lambda";

const UNIT_MS = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;

/** An EventBridge schedule expression that this local schedule does not run. */
export class ScheduleExpressionError extends Error {
  override readonly name = "ScheduleExpressionError";

  constructor(expression: string) {
    super(`the local schedule runs "rate(…)" expressions only, not ${JSON.stringify(expression)}`);
  }
}

/**
 * The period of `rate(1 minute)`, `rate(5 minutes)`, …, in milliseconds. Throws
 * ScheduleExpressionError.
 */
export function ratePeriodMs(expression: string): number {
  const match = /^rate\(([1-9]\d*) (minute|hour|day)s?\)$/.exec(expression);
  if (match === null) throw new ScheduleExpressionError(expression);
  return Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS];
}

export interface ScheduleOptions {
  readonly periodMs: number;
  /** Until the first invocation, default one period. */
  readonly firstAfterMs?: number;
  readonly region: string;
  readonly invoke: (event: unknown) => Promise<unknown>;
  /** Told about an invocation that failed; the next one comes at its time all the same. */
  readonly onProblem: (error: unknown) => void;
}

/**
 * Invokes a function once a period, not before its last invocation is over, until `signal` is
 * aborted.
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
