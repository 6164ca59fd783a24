import * as z from "zod";
import { UnknownMonitoringError } from "./metrics/errors.ts";
import type { MetricId } from "./metrics/metric.ts";
import { statisticNamed, type Statistic } from "./metrics/statistics.ts";

/** A widget of a dashboard, with its place in the grid of 24 columns. */
export type Widget = GridArea & (TextWidget | MetricWidget | AlarmWidget);

interface GridArea {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

interface TextWidget {
  readonly kind: "text";
  readonly markdown: string;
}

interface AlarmWidget {
  readonly kind: "alarms";
  readonly title: string;
  /** The alarms' ARNs. */
  readonly alarms: readonly string[];
}

interface MetricWidget {
  readonly kind: "graph" | "number";
  readonly title: string;
  readonly stacked: boolean;
  readonly lines: readonly WidgetLine[];
}

export interface WidgetLine {
  readonly metric: MetricId;
  readonly statistic: Statistic;
  readonly statisticName: string;
  readonly periodMs: number;
  readonly label: string;
  readonly axis: "left" | "right";
}

const axis = z.strictObject({ min: z.number().optional() });
const lineOptions = z.strictObject({
  period: z.number().optional(),
  stat: z.string().optional(),
  label: z.string().optional(),
  yAxis: z.enum(["left", "right"]).optional(),
});
const gridArea = { x: z.number(), y: z.number(), width: z.number(), height: z.number() };
const widget = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("text"),
    ...gridArea,
    properties: z.strictObject({ markdown: z.string(), background: z.string().optional() }),
  }),
  z.strictObject({
    type: z.literal("alarm"),
    ...gridArea,
    properties: z.strictObject({ title: z.string().default(""), alarms: z.array(z.string()) }),
  }),
  z.strictObject({
    type: z.literal("metric"),
    ...gridArea,
    properties: z.strictObject({
      view: z.enum(["timeSeries", "singleValue"]),
      title: z.string().default(""),
      region: z.string(),
      stacked: z.boolean().optional(),
      metrics: z.array(z.array(z.union([z.string(), z.looseObject({})]))),
      yAxis: z.strictObject({ left: axis.optional(), right: axis.optional() }).optional(),
    }),
  }),
]);
const body = z.strictObject({ start: z.string().optional(), widgets: z.array(z.unknown()) });

const DEFAULT_PERIOD_S = 300;

/** Parses a dashboard's body. Throws UnknownMonitoringError, which names what is unknown. */
export function dashboardWidgets(text: string): Widget[] {
  const parsed = body.safeParse(JSON.parse(text));
  if (!parsed.success) throw unknown("the dashboard", parsed.error);
  return parsed.data.widgets.map((given, index) => widgetOf(given, `widget ${index}`));
}

function widgetOf(given: unknown, where: string): Widget {
  const parsed = widget.safeParse(given);
  if (!parsed.success) throw unknown(where, parsed.error);
  const { x, y, width, height } = parsed.data;
  const at = { x, y, width, height };
  switch (parsed.data.type) {
    case "text":
      return { ...at, kind: "text", markdown: parsed.data.properties.markdown };
    case "alarm":
      return { ...at, kind: "alarms", ...parsed.data.properties };
    default: {
      const { view, title, stacked = false, metrics } = parsed.data.properties;
      const kind = view === "timeSeries" ? "graph" : "number";
      const named = `${where} (${title})`;
      return { ...at, kind, title, stacked, lines: metrics.map((line) => lineOf(line, named)) };
    }
  }
}

/** Parses a line's array: namespace, name, then names and values of dimensions, then options. */
function lineOf(given: readonly unknown[], where: string): WidgetLine {
  const last = given.at(-1);
  const options = lineOptions.safeParse(typeof last === "string" ? {} : last);
  if (!options.success) throw unknown(where, options.error);
  const texts = given.filter((part) => typeof part === "string");
  if (texts.some((part) => part === "." || part === "...")) {
    throw new UnknownMonitoringError(where, "the abbreviations . and ... of a metric");
  }
  const [namespace = "", name = "", ...pairs] = texts;
  const dimensions: Record<string, string> = {};
  for (let at = 0; at + 1 < pairs.length; at += 2)
    dimensions[pairs[at] ?? ""] = pairs[at + 1] ?? "";
  const { stat = "Average", period = DEFAULT_PERIOD_S, label = name } = options.data;
  return {
    metric: { namespace, name, dimensions },
    statistic: statisticNamed(stat, where),
    statisticName: stat,
    periodMs: period * 1000,
    label,
    axis: options.data.yAxis ?? "left",
  };
}

function unknown(where: string, error: z.ZodError): UnknownMonitoringError {
  const [first] = error.issues;
  const what =
    first?.code === "unrecognized_keys"
      ? `the property ${first.keys.join(", ")}`
      : `${first?.path.join(".")}: ${first?.message}`;
  return new UnknownMonitoringError(where, what);
}
