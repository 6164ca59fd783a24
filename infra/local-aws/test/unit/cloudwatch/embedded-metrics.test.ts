import { expect, test } from "vitest";
import { embeddedMetrics } from "../../../cloudwatch/index.ts";

test("a line has a metric for each name and set of dimensions, with one value or many", () => {
  const line = JSON.stringify({
    _aws: {
      Timestamp: 1000,
      CloudWatchMetrics: [
        {
          Namespace: "shop",
          Dimensions: [["Source"], ["Source", "Environment"]],
          Metrics: [{ Name: "Changes", Unit: "Count" }, { Name: "Delay" }],
        },
      ],
    },
    Source: "db",
    Environment: "test",
    Changes: 3,
    Delay: [5, 7],
  });
  const both = { Source: "db", Environment: "test" };
  const found = embeddedMetrics(line).map(({ metric, timeMs, values }) => [
    metric.name,
    metric.dimensions,
    timeMs,
    values,
  ]);
  expect(found).toEqual([
    ["Changes", { Source: "db" }, 1000, [3]],
    ["Delay", { Source: "db" }, 1000, [5, 7]],
    ["Changes", both, 1000, [3]],
    ["Delay", both, 1000, [5, 7]],
  ]);
});

test.each(["", "plain", '{"level":"error"}', '{"_aws":', '{"_aws":{"Timestamp":"now"}}'])(
  "the line %j contains no metric",
  (line) => {
    expect(embeddedMetrics(line)).toEqual([]);
  },
);
