import { describe, expect, test } from "vitest";
import { explore } from "../../../support/functions/model/explore.ts";
import {
  handOverModel,
  type ModelOptions,
} from "../../../support/functions/model/hand-over-model.ts";

/**
 * Every order of every single request of route and retry, with every crash and every failure of the
 * queue in between: nothing overtakes in any state reached, and from every state all arrives once
 * the trouble ends.
 */
describe("the hand-over between route and retry", () => {
  const scenarios: readonly (ModelOptions & { readonly title: string })[] = [
    {
      title: "three frames, the queue breaks and is mended, one crash",
      frames: ["A", "A", "A"],
      together: 1,
      retries: 1,
      crashes: 1,
      toggles: 2,
      deduplication: true,
    },
    {
      title: "two groups in a frame, of which one may get through",
      frames: ["AB", "AB"],
      together: 1,
      retries: 1,
      crashes: 1,
      toggles: 2,
      deduplication: true,
    },
    {
      title: "a queue that takes repeats, as SQS does after five minutes",
      frames: ["AB", "A"],
      together: 1,
      retries: 1,
      crashes: 1,
      toggles: 2,
      deduplication: false,
    },
    {
      title: "two retry invocations at the same time",
      frames: ["A", "A"],
      together: 1,
      retries: 2,
      crashes: 0,
      toggles: 1,
      deduplication: true,
    },
    {
      title: "two frames, together or apart, one crash",
      frames: ["A", "A"],
      together: 2,
      retries: 1,
      crashes: 1,
      toggles: 2,
      deduplication: true,
    },
    {
      title: "three frames, any number of them at once",
      frames: ["A", "A", "A"],
      together: 3,
      retries: 1,
      crashes: 0,
      toggles: 2,
      deduplication: true,
    },
    {
      title: "three frames, any number of them at once, one crash while their records are written",
      frames: ["A", "A", "A"],
      together: 3,
      retries: 1,
      crashes: 1,
      toggles: 1,
      deduplication: true,
    },
    {
      title: "frames of two groups together or apart, and a queue that takes repeats",
      frames: ["AB", "A"],
      together: 2,
      retries: 1,
      crashes: 1,
      toggles: 1,
      deduplication: false,
    },
    {
      title: "two crashes, each followed by other frames together",
      frames: ["A", "A"],
      together: 2,
      retries: 1,
      crashes: 2,
      toggles: 1,
      deduplication: false,
    },
    {
      title: "a statement that the format leaves out, while the queue is in trouble, one crash",
      frames: ["A", "-", "A"],
      together: 1,
      retries: 1,
      crashes: 1,
      toggles: 2,
      deduplication: true,
    },
    {
      title: "frames that begin, end and consist of such statements, any number of them at once",
      frames: ["A-", "-", "-A"],
      together: 3,
      retries: 1,
      crashes: 0,
      toggles: 2,
      deduplication: true,
    },
    {
      title: "a change for which the message writer throws, one crash",
      frames: ["A", "a", "A"],
      together: 1,
      retries: 1,
      crashes: 1,
      toggles: 0,
      deduplication: true,
    },
    {
      title: "such a change together with others, and a queue that takes repeats",
      frames: ["A", "Ba"],
      together: 2,
      retries: 1,
      crashes: 1,
      toggles: 1,
      deduplication: false,
    },
    {
      title: "our own code fails wherever it runs for the queue, one crash",
      frames: ["A-A", "A"],
      together: 1,
      retries: 1,
      crashes: 1,
      toggles: 0,
      deduplication: true,
      noWriter: true,
    },
    {
      title: "so it does for statements that the format leaves out, one crash",
      frames: ["-", "A", "-"],
      together: 1,
      retries: 1,
      crashes: 1,
      toggles: 0,
      deduplication: true,
      noWriter: true,
    },
    {
      title: "a record that is sent in parts, of which each is noted, one crash",
      frames: ["ABA", "A"],
      together: 1,
      retries: 1,
      crashes: 1,
      toggles: 2,
      deduplication: true,
      part: 1,
    },
    {
      title: "two retry invocations that send a record in parts",
      frames: ["AA", "A"],
      together: 1,
      retries: 2,
      crashes: 0,
      toggles: 1,
      deduplication: true,
      part: 1,
    },
    {
      title: "a stream that a twin life has closed beyond all positions, one crash",
      frames: ["A", "A"],
      together: 1,
      retries: 1,
      crashes: 1,
      toggles: 2,
      deduplication: true,
      twin: "closed",
    },
    {
      title: "a stream in which something of a twin life is parked, frames together or apart",
      frames: ["A", "A"],
      together: 2,
      retries: 1,
      crashes: 0,
      toggles: 2,
      deduplication: true,
      twin: "open",
    },
  ];

  test.for(scenarios)("$title", { timeout: 120_000 }, async (scenario) => {
    const { states, executions } = await explore(() => handOverModel(scenario));
    console.log(`${scenario.title}: ${states} states, ${executions} executions`);
    expect(states).toBeGreaterThan(1000);
  });
});
