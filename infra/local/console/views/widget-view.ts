import type { MetricStore, Widget, WidgetLine } from "@binlog-router/local-aws/cloudwatch";

/** The values of a widget's lines over time; `times` in seconds since 1970. */
export interface WidgetData {
  readonly times: readonly number[];
  readonly lines: readonly (readonly (number | null)[])[];
}

const MINUTE_MS = 60_000;
const FINE_MS = 5_000;
/** Up to this range, values are shown in steps of five seconds; beyond it, of a minute. */
const FINE_MINUTES = 15;

/** A dashboard's widgets as JSON for the page: of the lines, only label and axis. */
export function widgetLayout(widgets: readonly Widget[]): unknown[] {
  return widgets.map((widget, id) =>
    "lines" in widget
      ? { id, ...widget, lines: widget.lines.map(({ label, axis }) => ({ label, axis })) }
      : { id, ...widget },
  );
}

/**
 * A widget's values in the last `minutes`. Up to a quarter of an hour there is a value every five
 * seconds, each the statistic over the whole period before it: the same numbers as in the cloud,
 * but more of them.
 */
export function widgetData(
  lines: readonly WidgetLine[],
  store: MetricStore,
  minutes: number,
  nowMs: number,
): WidgetData {
  const stepMs = minutes <= FINE_MINUTES ? FINE_MS : MINUTE_MS;
  const endMs = Math.floor(nowMs / stepMs) * stepMs;
  const count = (minutes * MINUTE_MS) / stepMs;
  const ends = Array.from({ length: count }, (_, place) => endMs - (count - 1 - place) * stepMs);
  return {
    times: ends.map((atMs) => atMs / 1000),
    lines: lines.map(({ metric, statistic, periodMs }) =>
      ends.map((atMs) => store.statistic(metric, statistic, atMs - periodMs, atMs) ?? null),
    ),
  };
}
