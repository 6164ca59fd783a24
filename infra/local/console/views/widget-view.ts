import type { MetricStore, Widget, WidgetLine } from "@binlog-router/local-aws/cloudwatch";

/** A widget's lines over time: `times` in seconds since 1970, each line's values beside them. */
export interface WidgetData {
  readonly times: readonly number[];
  readonly lines: readonly (readonly (number | null)[])[];
}

const MINUTE_MS = 60_000;
const FINE_MS = 5_000;
/** Up to this length of time values are known in steps of five seconds. */
const FINE_MINUTES = 15;

/** The widgets of a dashboard as the page needs them: without the functions in them. */
export function widgetLayout(widgets: readonly Widget[]): unknown[] {
  return widgets.map((widget, id) =>
    "lines" in widget
      ? { id, ...widget, lines: widget.lines.map(({ label, axis }) => ({ label, axis })) }
      : { id, ...widget },
  );
}

/**
 * What a widget shows of the last `minutes`. In the last quarter of an hour there is a value for
 * each five seconds, which is the statistic over the whole period before it: the same numbers as in
 * the cloud, only more of them.
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
