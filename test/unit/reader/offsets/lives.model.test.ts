import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { LivesModel, type Mistake, type Weather } from "../../../support/lives/lives-model.ts";

/** A longer run: LIVES_SEEDS=30000 npx vitest run --project unit lives.model */
const SEEDS = Number(process.env["LIVES_SEEDS"] ?? 1500);
/** The first seed. */
const FROM = Number(process.env["LIVES_FROM"] ?? 1);
/** Number of seeds tried for each mistake; for mistakes that rarely show, the first seed. */
const TRIED = 5000;
const RARE = new Map<Mistake, number>([
  ["ordered-life", 10_100],
  ["believes-copies", 13_500],
  ["passes-hidden", 16_400],
]);
const STEPS = 40;

/** The models' clock, which `Date.now()` returns. */
const clock = { ms: 1_790_000_000_000 };
beforeAll(() => void vi.spyOn(Date, "now").mockImplementation(() => clock.ms));
afterAll(() => void vi.restoreAllMocks());

interface Found {
  readonly seed: number;
  readonly what: string;
}

/** The first seed for which the model finds an error; null when it finds no error. */
async function search(
  weather: Weather,
  mistake: Mistake | null,
  seeds: number,
  from = 1,
): Promise<Found | null> {
  for (let seed = from; seed < from + seeds; seed++) {
    const model = new LivesModel(seeded(seed), clock, weather, mistake);
    await model.run(STEPS);
    const what = await model.verdict();
    if (what !== null) return { seed, what };
  }
  return null;
}

/** Random numbers from 0 to below 1, by the generator Mulberry32. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Each mistake, and the weather in which the model finds it. */
const MISTAKES: readonly (readonly [Mistake, Weather])[] = [
  ["counts-wanted", "calm"],
  ["lanes-at-once", "calm"],
  ["passes-parked", "calm"],
  ["nameless-parked", "wild"],
  ["one-per-thread", "wild"],
  ["forgets-xa", "calm"],
  ["unproven", "wild"],
  ["same-numbers", "wild"],
  ["same-epoch", "wild"],
  ["by-epoch", "wild"],
  ["ordered-life", "wild"],
  ["believes-copies", "wild"],
  ["client-by-position", "wild"],
  ["runs-by-file", "wild"],
  ["asks-beyond", "calm"],
  ["next-file", "calm"],
  ["by-gtids", "calm"],
  ["passes-hidden", "wild"],
  ["file-alone", "moving"],
  ["former-runs", "wild"],
  ["only-once", "calm"],
];

describe("random changes of a server's coordinates, lanes, tables and messages", () => {
  test.each<Weather>(["calm", "moving", "wild"])(
    "lose no change unreported in %s weather",
    async (weather) => {
      expect(await search(weather, null, SEEDS, FROM)).toBeNull();
    },
    600_000,
  );

  // Each mistake is former code, or the present code without one of its conditions.
  test.each(MISTAKES)(
    "make the model detect the mistake %s in %s weather",
    async (mistake, weather) => {
      const found = await search(weather, mistake, TRIED, RARE.get(mistake));
      console.log(`${mistake}: seed ${found?.seed}, ${found?.what}`);
      expect(found).not.toBeNull();
    },
  );
});
