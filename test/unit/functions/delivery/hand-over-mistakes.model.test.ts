import { describe, expect, test } from "vitest";
import { explore } from "../../../support/functions/model/explore.ts";
import {
  handOverModel,
  type Mistake,
  type ModelOptions,
} from "../../../support/functions/model/hand-over-model.ts";

/** Proves that the model finds mistakes: each of these protocols breaks a promise in some order. */
describe("the hand-over between route and retry", () => {
  const mistakes: readonly (ModelOptions & {
    readonly mistake: Mistake;
    readonly found: RegExp;
  })[] = [
    {
      mistake: "closes-blindly",
      frames: ["A", "A"],
      together: 2,
      retries: 1,
      crashes: 0,
      toggles: 2,
      deduplication: true,
      found: /group A/,
    },
    {
      mistake: "tail-beside-records",
      frames: ["A", "A", "A"],
      together: 2,
      retries: 1,
      crashes: 0,
      toggles: 1,
      deduplication: true,
      found: /group A/,
    },
    {
      mistake: "beyond-the-tail",
      frames: ["A", "A", "A"],
      together: 3,
      retries: 1,
      crashes: 0,
      toggles: 1,
      deduplication: true,
      found: /group A/,
    },
    {
      mistake: "opens-in-front",
      frames: ["A", "A", "A"],
      together: 2,
      retries: 1,
      crashes: 1,
      toggles: 3,
      deduplication: true,
      found: /left over/,
    },
    {
      mistake: "progress-ahead",
      frames: ["AA", "A"],
      together: 1,
      retries: 1,
      crashes: 1,
      toggles: 2,
      deduplication: true,
      part: 1,
      found: /group A/,
    },
    {
      mistake: "drops-faults",
      frames: ["A", "a", "A"],
      together: 1,
      retries: 1,
      crashes: 0,
      toggles: 0,
      deduplication: true,
      found: /group A/,
    },
    {
      mistake: "keeps-drained",
      frames: ["A", "A"],
      together: 1,
      retries: 1,
      crashes: 0,
      toggles: 2,
      deduplication: true,
      twin: "closed",
      found: /the stream is still open|group A/,
    },
    {
      mistake: "no-digests",
      frames: ["ABA"],
      together: 1,
      retries: 1,
      crashes: 1,
      toggles: 2,
      deduplication: true,
      groups: { before: "A", after: "AB" },
      found: /group B lacks/,
    },
    {
      mistake: "ahead-of-parked",
      frames: ["A", "A"],
      together: 1,
      retries: 1,
      crashes: 0,
      toggles: 2,
      deduplication: true,
      ahead: true,
      found: /group A/,
    },
  ];

  test.for(mistakes)(
    "the model finds the mistake $mistake",
    { timeout: 600_000 },
    async (scenario) => {
      await expect(explore(handOverModel(scenario))).rejects.toThrow(scenario.found);
    },
  );
});
