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

/** The states that follow from a range, one for each treatment. */
function statesOf(datapointsToAlarm: number, datapoints: string) {
  return TREATMENTS.map((treatMissingData) =>
    evaluateDatapoints(range(datapoints), {
      evaluationPeriods: 3,
      datapointsToAlarm,
      treatMissingData,
    }),
  );
}

/**
 * The two tables of AWS's page "Configuring how CloudWatch alarms treat missing data", row by row.
 * Each letter is the result with one treatment.
 */
test.each([
  [3, "0 - X - X", "OOOO"],
  [3, "0 - - - -", "OOOO"],
  [3, "- - - - -", "IkAO"],
  [3, "0 X X - X", "AAAA"],
  [3, "- - X - -", "AkAO"],
  [2, "0 - X - X", "AAAA"],
  [2, "0 0 X 0 X", "AAAA"],
  [2, "0 - X - -", "OOAO"],
  [2, "- - - - 0", "OOAO"],
  [2, "- - - X -", "AkAO"],
] as const)("%i of 3 datapoints to alarm, %s", (datapointsToAlarm, datapoints, expected) => {
  expect(statesOf(datapointsToAlarm, datapoints)).toEqual(
    Array.from(expected, (letter) => STATES[letter as keyof typeof STATES]),
  );
});

/** That page's section "Avoiding premature transitions to alarm state". */
test.each([
  ["- - - - X", "too new"],
  ["- - - X -", "too new"],
  ["- - - X 0", "followed by a good one"],
  ["- - X - 0", "followed by a good one"],
])("%s: missing data do not let a breaching datapoint alarm that is %s", (datapoints) => {
  const [missing, ignore] = statesOf(3, datapoints);
  expect([missing, ignore]).toEqual(["OK", "OK"]);
});

test("older datapoints replace missing ones, the newest first", () => {
  const rules = { evaluationPeriods: 1, datapointsToAlarm: 1, treatMissingData: "notBreaching" };
  const judge = (text: string) => evaluateDatapoints(range(text), rules as never);
  expect(judge("X - -")).toBe("ALARM");
  expect(judge("X - 0")).toBe("OK");
  expect(judge("- - -")).toBe("OK");
});
