import * as z from "zod";
import type { Datum } from "./metric.ts";

const directive = z.object({
  Namespace: z.string(),
  Dimensions: z.array(z.array(z.string())),
  Metrics: z.array(z.object({ Name: z.string() })),
});

const line = z.looseObject({
  _aws: z.object({ Timestamp: z.number(), CloudWatchMetrics: z.array(directive) }),
});

/**
 * Parses a log line in the embedded metric format
 * (docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html).
 * Empty for any other line.
 */
export function embeddedMetrics(text: string): Datum[] {
  // Most lines contain no metrics and are not parsed.
  if (!text.startsWith("{") || !text.includes('"_aws"')) return [];
  const parsed = line.safeParse(parseJson(text));
  if (!parsed.success) return [];
  const { _aws: metadata, ...members } = parsed.data;
  return metadata.CloudWatchMetrics.flatMap(({ Namespace: namespace, Dimensions, Metrics }) =>
    Dimensions.flatMap((names) => {
      const dimensions = Object.fromEntries(names.map((name) => [name, String(members[name])]));
      return Metrics.flatMap(({ Name: name }) => {
        const values = numbers(members[name]);
        if (values.length === 0) return [];
        return [{ metric: { namespace, name, dimensions }, timeMs: metadata.Timestamp, values }];
      });
    }),
  );
}

function numbers(value: unknown): number[] {
  const values: unknown[] = Array.isArray(value) ? value : [value];
  return values.filter((one): one is number => typeof one === "number");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
