export { AlarmBook, type AlarmStatus } from "./alarms/alarm-book.ts";
export { alarmDefinition, type AlarmDefinition } from "./alarms/alarm-definition.ts";
export { dashboardWidgets, type Widget, type WidgetLine } from "./dashboard.ts";
export { UnknownMonitoringError } from "./metrics/errors.ts";
export { embeddedMetrics } from "./metrics/embedded-metrics.ts";
export { MetricStore } from "./metrics/metric-store.ts";
export type { Datum, MetricId } from "./metrics/metric.ts";
