import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  DeliveryModel,
  type Rule,
  type Step,
  type Trouble,
} from "../../support/client/delivery-model.ts";
import type { StoreKind } from "../../support/client/model-store.ts";

const group = fc.constantFrom("a", "b");
const trouble = fc.constantFrom<Trouble[]>(
  "none",
  "handler fails",
  "killed in the handler",
  "killed before the record",
  "killed before the deletion",
  "lost",
);
const send = fc.record({
  kind: fc.constant("send" as const),
  group,
  changes: fc.integer({ min: 1, max: 3 }),
});
const receive = fc.record({
  kind: fc.constant("receive" as const),
  process: fc.integer({ min: 0, max: 1 }),
  group,
  trouble,
  at: fc.integer({ min: 0, max: 2 }),
});
const sendAgain = fc.record({ kind: fc.constant("send again" as const), message: fc.nat(20) });
const redrive = fc.constant<Step>({ kind: "redrive" });
const away = fc.record({ kind: fc.constant("store away" as const), away: fc.boolean() });
const forget = fc.constant<Step>({ kind: "forget" });
const newLife = fc.constant<Step>({ kind: "new life", epoch: "same" });
const newEpoch = fc.constant<Step>({ kind: "new life", epoch: "next" });

const stepsOf = (...rare: fc.Arbitrary<Step>[]): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.oneof(
      { weight: 4, arbitrary: send },
      { weight: 12, arbitrary: receive },
      ...rare.map((arbitrary) => ({ weight: 1, arbitrary })),
    ),
    { maxLength: 40, size: "max" },
  );

/** Everything that can happen to messages, processes and the store. */
const anything = stepsOf(sendAgain, redrive, away, forget, newLife);
/** What can happen to messages and processes in one life of the coordinates. */
const oneLife = stepsOf(sendAgain, redrive);
/** The steps before and after an update: each life that begins after it has a new epoch. */
const before = stepsOf(sendAgain, redrive, away, forget);
const afterwards = stepsOf(sendAgain, redrive, away, forget, newEpoch);

/** The seed is random, and fast-check prints it with what it found. */
const numRuns = 500;
const NOTHING: readonly string[] = [];

async function after(model: DeliveryModel, steps: readonly Step[]): Promise<DeliveryModel> {
  await model.run(steps);
  await model.drain();
  return model;
}

const neverLoses = (kind: StoreKind, rule: Rule) =>
  fc.asyncProperty(anything, async (steps) => {
    const { losses } = await after(new DeliveryModel(kind, rule), steps);
    expect(losses).toEqual(NOTHING);
  });

const neverDoubles = (kind: StoreKind, rule: Rule) =>
  fc.asyncProperty(oneLife, async (steps) => {
    const { doubled } = await after(new DeliveryModel(kind, rule), steps);
    expect(doubled).toEqual(NOTHING);
  });

describe.each<StoreKind>(["memory", "default", "shared", "transactional"])(
  "with a %s store",
  (kind) => {
    it("a record for each message never lets an unhandled change be deleted", async () => {
      await fc.assert(neverLoses(kind, "records"), { numRuns });
    });

    it("the model finds that the last release's rule loses changes", async () => {
      expect((await fc.check(neverLoses(kind, "last release"), { numRuns })).failed).toBe(true);
    });

    it("a record for each message prevents every avoidable repeat", async () => {
      await fc.assert(neverDoubles(kind, "records"), { numRuns });
    });
  },
);

describe.each<StoreKind>(["shared", "transactional"])("with a %s store", (kind) => {
  it("an update from the last release loses no change from then on", async () => {
    await fc.assert(
      fc.asyncProperty(before, afterwards, async (old, next) => {
        const steps: Step[] = [...old, { kind: "update" }, ...next];
        const { losses } = await after(new DeliveryModel(kind, "last release"), steps);
        expect(losses).toEqual(NOTHING);
      }),
      { numRuns },
    );
  });

  it("an update does not repeat what the last release handled and did not delete", async () => {
    await fc.assert(
      fc.asyncProperty(stepsOf(), stepsOf(), async (old, next) => {
        const steps: Step[] = [...old, { kind: "update" }, ...next];
        const { doubled } = await after(new DeliveryModel(kind, "last release", 100), steps);
        expect(doubled).toEqual(NOTHING);
      }),
      { numRuns },
    );
  });
});

it("the model finds that the last release's rule repeats changes, although work and position are one transaction", async () => {
  const found = await fc.check(neverDoubles("transactional", "last release"), { numRuns: 5000 });
  expect(found.failed).toBe(true);
});
