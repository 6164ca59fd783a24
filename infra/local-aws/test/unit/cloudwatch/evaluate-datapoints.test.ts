import { expect, test } from "vitest";
import {
  evaluateDatapoints,
  type Datapoint,
} from "../../../cloudwatch/alarms/evaluate-datapoints.ts";

/**
 * Parses a range as CloudWatch's documentation writes it, oldest first: `0` is good, `X` breaching,
 * `-` missing.
 */
function range(text: string): Datapoint[] {
  return text.split(" ").map((sign) => (sign === "-" ? undefined : sign === "X"));
}

const TREATMENTS = ["missing", "ignore", "breaching", "notBreaching"] as const;
const STATES = { O: "OK", A: "ALARM", I: "INSUFFICIENT_DATA", k: null } as const;

/**
 * Both tables of "Configuring how CloudWatch alarms treat missing data". Each letter is the result
 * with one treatment.
 */
test.each([
  [3, "0 - X - X", "OOOO"],
  [3, "- - - - 0", "OOOO"],
  [3, "- - - - -", "IkAO"],
  [3, "0 X X - X", "AAAA"],
  [3, "- - X - -", "AkAO"],
  [2, "0 - X - X", "AAAA"],
  [2, "0 0 X 0 X", "AAAA"],
  [2, "0 - X - -", "OOAO"],
  [2, "- - - - 0", "OOAO"],
  [2, "- - - X -", "AkAO"],
] as const)("%i of 3 datapoints to alarm, %s", (datapointsToAlarm, datapoints, expected) => {
  const found = TREATMENTS.map((treatMissingData) =>
    evaluateDatapoints(range(datapoints), {
      evaluationPeriods: 3,
      datapointsToAlarm,
      treatMissingData,
    }),
  );
  expect(found).toEqual(Array.from(expected, (letter) => STATES[letter as keyof typeof STATES]));
});

test("older datapoints replace missing ones, the newest first", () => {
  const rules = { evaluationPeriods: 1, datapointsToAlarm: 1, treatMissingData: "notBreaching" };
  const judge = (text: string) => evaluateDatapoints(range(text), rules as never);
  expect(judge("X - -")).toBe("ALARM");
  expect(judge("X - 0")).toBe("OK");
  expect(judge("- - -")).toBe("OK");
});
