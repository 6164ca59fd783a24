import type { LocalTopology } from "../../../../infra/local/template/local-topology.ts";
import { READER_METRICS } from "../../../../wire/metrics.ts";
import { exampleObject } from "../../example-stack.ts";

/** A minute of the metrics takes two seconds, also where an alarm compares times. */
export const SPEED = 30;

/** What `ALARM_CAUSES=all` has more: applications, a canary, a standby, a filter. */
export const WHOLE = {
  alarms: { lagSeconds: 2, rawQueueAgeSeconds: 4, queueAgeSeconds: 30 },
  canary: {},
  subscribers: {
    ...(exampleObject()["subscribers"] as object),
    // Fails on a row without the column: the code cannot decide who gets it.
    audit: { tables: ["shop.payments"], where: "method = 'card'", environments: ["unrouted"] },
  },
};

/** The times of the template in the metrics' minutes. */
export function spedUp(made: LocalTopology, everything: boolean): LocalTopology {
  const { reader, retry, canary, monitoring } = made;
  const extra = everything
    ? { LEASE_SECONDS: "3", SWEEP_SECONDS: "1", BLOCKED_SECONDS: "5", SILENCE_SECONDS: "3" }
    : {};
  return {
    ...made,
    reader: { ...reader, environment: { ...reader.environment, METRICS_SECONDS: "1", ...extra } },
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
