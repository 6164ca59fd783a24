import { expect, test } from "vitest";
import { countOutcome } from "../../../../functions/route/count-outcome.ts";
import { CountingMetrics } from "../../../support/functions/invoke.ts";

test("a frame that was delivered already is counted only as a repeat", () => {
  const metrics = new CountingMetrics();
  const lane = { lane: 0, delivered: "", life: null, troubled: new Set<string>(), version: 1 };
  countOutcome(metrics, { kind: "repeat", lane }, 0);
  expect([...metrics.totals]).toEqual([["FramesRepeated", 1]]);
});
