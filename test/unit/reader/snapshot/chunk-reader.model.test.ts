import { SeededRandom } from "@binlog-router/local-aws/seeded-random";
import { expect, test } from "vitest";
import { type Fault, ServerModel } from "../../../support/snapshot/server-model.ts";

// More rounds, or the same ones again:
// SNAPSHOT_MODEL_ROUNDS=5000 SNAPSHOT_MODEL_SEED=1 npx vitest run --project unit chunk-reader.model
const ROUNDS = Number(process.env["SNAPSHOT_MODEL_ROUNDS"] ?? 20);
const SEED = Number(process.env["SNAPSHOT_MODEL_SEED"] ?? Math.floor(Math.random() * 2 ** 31));

const TIMEOUT_MS = 30_000 + ROUNDS * 1000;

interface Sums {
  problems: string[];
  chunks: number;
  rereads: number;
}

async function rounds(fault: Fault, asksAgain: boolean, serverKnowsOrder: boolean): Promise<Sums> {
  const sums: Sums = { problems: [], chunks: 0, rereads: 0 };
  for (let round = 0; round < ROUNDS; round++) {
    const model = new ServerModel(
      new SeededRandom(SEED + round),
      fault,
      asksAgain,
      serverKnowsOrder,
    );
    await model.run();
    sums.problems.push(...model.problems.map((problem) => `seed ${SEED + round}: ${problem}`));
    sums.chunks += model.chunks;
    sums.rereads += model.rereads;
  }
  return sums;
}

console.log(`seed ${SEED}: SNAPSHOT_MODEL_SEED=${SEED} draws the same rounds`);

test.for([
  ["a row comes from its change", false, false],
  ["only the server knows the order of keys", false, true],
  ["a changed row is read again", true, false],
  ["a changed row is read again, and only the server knows the order", true, true],
] as const)(
  "a chunk equals the table at its position when %s",
  { timeout: TIMEOUT_MS },
  async ([, asksAgain, serverKnowsOrder]) => {
    const { problems, chunks, rereads } = await rounds("none", asksAgain, serverKnowsOrder);
    expect(problems).toEqual([]);
    expect(chunks).toBeGreaterThan(ROUNDS);
    expect(rereads).toBeGreaterThan(0);
  },
);

test.for([
  "no wait",
  "no high mark",
  "no changes",
  "no changes between parts",
  "no range",
] as const)(
  "the model detects the fault when there is %s",
  { timeout: TIMEOUT_MS },
  async (fault) => {
    expect((await rounds(fault, false, false)).problems).not.toEqual([]);
  },
);
