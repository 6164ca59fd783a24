import { join } from "node:path";
import { REPOSITORY_ROOT } from "../../../../infra/stack/resources/repository-root.ts";
import type { LocalTopology } from "../../../../infra/local/template/local-topology.ts";
import { READER_METRICS } from "../../../../wire/metrics.ts";
import { exampleObject } from "../../example-stack.ts";

/** The speed of the metrics' clock: a minute takes two seconds. `spedUp` adapts other times. */
export const SPEED = 30;

/** Additional configuration for `ALARM_CAUSES=all`: thresholds, a canary, a filter. */
export const WHOLE = {
  alarms: { lagSeconds: 2, rawQueueAgeSeconds: 4, queueAgeSeconds: 10 },
  canary: {},
  subscribers: {
    ...(exampleObject()["subscribers"] as object),
    // The code fails on a row without the column, because it cannot evaluate the condition.
    audit: { tables: ["shop.payments"], where: "method = 'card'", environments: ["unrouted"] },
  },
};

/**
 * The route function's timeout, milliseconds. With so little time it returns a frame after one
 * failed attempt: its pauses between attempts are longer than a minute of the metrics' clock.
 */
const ROUTE_TIMEOUT_MS = 12_000;

const DEFECTIVE_ROUTE = join(REPOSITORY_ROOT, "test/support/lambda/defective-route.ts");

/**
 * Adapts the template's times to the metrics' clock. With `everything`, the route function fails
 * while the file `defect` exists.
 */
export function spedUp(made: LocalTopology, everything: boolean, defect: string): LocalTopology {
  const { reader, route, retry, canary, monitoring } = made;
  const extra = everything
    ? { LEASE_SECONDS: "3", SWEEP_SECONDS: "1", BLOCKED_SECONDS: "5", SILENCE_SECONDS: "3" }
    : {};
  return {
    ...made,
    reader: { ...reader, environment: { ...reader.environment, METRICS_SECONDS: "1", ...extra } },
    route: everything
      ? {
          ...route,
          entry: DEFECTIVE_ROUTE,
          environment: { ...route.environment, DEFECT: defect },
          timeoutMs: ROUTE_TIMEOUT_MS,
        }
      : route,
    retry: { ...retry, periodMs: retry.periodMs / SPEED },
    canary:
      canary === null ? null : { ...canary, periodMs: canary.periodMs / SPEED, timeoutMs: 10_000 },
    monitoring: {
      ...monitoring,
      alarms: monitoring.alarms.map((alarm) =>
        alarm.metric.name === READER_METRICS.preparedXa
          ? { ...alarm, threshold: alarm.threshold / SPEED }
          : alarm,
      ),
    },
  };
}
