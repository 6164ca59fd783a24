import { expect, test } from "vitest";
import {
  ratePeriodMs,
  ScheduleExpressionError,
} from "../../../../../infra/local/lambda/schedule.ts";

test.each([
  ["rate(1 minute)", 60_000],
  ["rate(5 minutes)", 300_000],
  ["rate(2 hours)", 7_200_000],
  ["rate(1 day)", 86_400_000],
])("%s is a period of %i ms", (expression, periodMs) => {
  expect(ratePeriodMs(expression)).toBe(periodMs);
});

test.each(["cron(0 * * * ? *)", "rate(0 minutes)", "rate(1 second)", "rate(1 minute", ""])(
  "%j is refused by name",
  (expression) => {
    expect(() => ratePeriodMs(expression)).toThrow(ScheduleExpressionError);
  },
);
