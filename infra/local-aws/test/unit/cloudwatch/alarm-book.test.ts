import { expect, test } from "vitest";
import {
  AlarmBook,
  alarmDefinition,
  MetricStore,
  UnknownMonitoringError,
} from "../../../cloudwatch/index.ts";

const MINUTE = 60_000;
const METRIC = { namespace: "shop", name: "Errors", dimensions: { Part: "route" } };
const PROPERTIES = {
  AlarmName: "errors",
  ComparisonOperator: "GreaterThanThreshold",
  Threshold: 0,
  Namespace: "shop",
  MetricName: "Errors",
  Dimensions: [{ Name: "Part", Value: "route" }],
  Statistic: "Sum",
  Period: 60,
  EvaluationPeriods: 2,
  TreatMissingData: "notBreaching",
};

/**
 * Creates an alarm at minute 0 and feeds it one value a minute (null: no data point). Returns the
 * alarm's state after each minute.
 */
function course(properties: object, minutes: readonly (number | null)[]) {
  const store = new MetricStore();
  const book = new AlarmBook(store, [alarmDefinition({ ...PROPERTIES, ...properties })], 0);
  const states = minutes.map((value, minute) => {
    const timeMs = minute * MINUTE + 30_000;
    if (value !== null) store.put({ metric: METRIC, timeMs, values: [value] });
    book.evaluate((minute + 1) * MINUTE);
    return book.statuses()[0]?.state;
  });
  return { states, status: book.statuses()[0] };
}

test("an alarm rings after its evaluation periods in a row and ends at the first good one", () => {
  const { states, status } = course({}, [0, 1, 1, 0, 0]);
  expect(states).toEqual(["INSUFFICIENT_DATA", "OK", "ALARM", "OK", "OK"]);
  expect(status?.history.map(({ atMs, to }) => [atMs / MINUTE, to])).toEqual([
    [4, "OK"],
    [3, "ALARM"],
    [2, "OK"],
  ]);
  expect(status?.history[1]?.reason).toBe("2 of 2 datapoints [1, 1] were greater than 0.");
});

test("an alarm rings on missing data when the evaluation range contains too few datapoints", () => {
  const heartbeat = { ComparisonOperator: "LessThanThreshold", TreatMissingData: "breaching" };
  const { states } = course({ ...heartbeat, Threshold: 1 }, [1, 1, null, null, null, null]);
  expect(states).toEqual(["INSUFFICIENT_DATA", "OK", "OK", "OK", "OK", "ALARM"]);
});

test("an alarm that ignores missing data keeps its state", () => {
  const { states } = course({ EvaluationPeriods: 1, TreatMissingData: "ignore" }, [
    1,
    null,
    null,
    null,
    null,
    0,
  ]);
  expect(states).toEqual(["ALARM", "ALARM", "ALARM", "ALARM", "ALARM", "OK"]);
});

test.each([
  ["AWS/DynamoDB", undefined, "ignore"],
  ["AWS/DynamoDB", "notBreaching", "notBreaching"],
  ["AWS/SQS", undefined, "missing"],
])("%s, with %s: missing data are treated as %s", (Namespace, TreatMissingData, expected) => {
  const { treatMissingData } = alarmDefinition({ ...PROPERTIES, Namespace, TreatMissingData });
  expect(treatMissingData).toBe(expected);
});

test("a period of several minutes is evaluated every minute", () => {
  const { states } = course({ Period: 180, EvaluationPeriods: 1, Threshold: 2 }, [1, 1, 1, 0, 0]);
  expect(states).toEqual(["INSUFFICIENT_DATA", "INSUFFICIENT_DATA", "ALARM", "OK", "OK"]);
});

test.each([
  ["p50", [1, 2, 3, 4], 2.5],
  ["p99", [1, 2, 3, 4], 3.97],
  ["Average", [1, 2, 6], 3],
  ["Maximum", [1, 2, 6], 6],
  ["SampleCount", [1, 2, 6], 3],
])("the statistic %s of %j is %d", (ExtendedStatistic, values, expected) => {
  const definition = alarmDefinition({ ...PROPERTIES, Statistic: undefined, ExtendedStatistic });
  const store = new MetricStore();
  store.put({ metric: METRIC, timeMs: 10, values });
  expect(store.statistic(METRIC, definition.statistic, 0, MINUTE)).toBeCloseTo(expected, 10);
});

test.each([
  [{ Metrics: [{ Id: "e1", Expression: "m1 / m2" }] }, "the property Metrics.0.Expression"],
  [{ InsufficientDataActions: ["arn"] }, "the property InsufficientDataActions"],
  [{ ThresholdMetricId: "ad1" }, "the property ThresholdMetricId"],
  [{ ComparisonOperator: "LessThanLowerThreshold" }, "the comparison LessThanLowerThreshold"],
  [{ Statistic: "TM(10%:90%)" }, "the statistic TM(10%:90%)"],
  [{ Period: 10 }, "the value of Period"],
  [{ Period: 3600 }, "looking back for more than 180 minutes"],
])("an unsupported definition is refused with the name of its part: %j", (properties, named) => {
  const define = () => alarmDefinition({ ...PROPERTIES, ...properties });
  expect(define).toThrow(UnknownMonitoringError);
  expect(define).toThrow(
    `the alarm "errors": this stand-in for CloudWatch does not support ${named}`,
  );
});
