import { expect, test } from "vitest";
import type { Offset } from "../../../../reader/offsets/offset.ts";
import { refuseUnlogged } from "../../../../reader/offsets/unlogged-transactions.ts";

const UUID = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
const OTHER = "5441fac8-71ca-11e1-9e33-c80aa9429562";
const saved: Offset = {
  epoch: 3,
  life: "a-life",
  server: UUID,
  run: 3,
  gtidSet: `${UUID}:1-50`,
  file: "bin.000005",
  offset: 99,
  isExact: true,
  anchor: null,
  lanes: new Map(),
  laneCount: 1,
  keptXa: [],
  committedMs: 1,
};
const state = { uuid: UUID, gtidPurged: `${UUID}:1-10:16-19,${OTHER}:7`, logsReplicated: true };
const ALL_READ = { subtract: async () => "" };
const lacking = (rest: string) => ({ subtract: async () => rest });

test("what the server has purged was read: nothing is unlogged", async () => {
  expect(await refuseUnlogged(saved, state, ALL_READ, false)).toBe(saved);
});

test("a transaction that is in no file and was not read stops the reader, which names it and the way on", async () => {
  await expect(refuseUnlogged(saved, state, lacking(`${UUID}:60`), false)).rejects.toMatchObject({
    name: "UnloggedTransactionsError",
    isKept: true,
    message: expect.stringMatching(new RegExp(`contains them: ${UUID}:60\\..*offsets -- continue`)),
  });
});

test("when an operator has confirmed it, it counts as read", async () => {
  const known = await refuseUnlogged(saved, state, lacking(`${UUID}:60`), true);
  expect(known).toEqual({ ...saved, gtidSet: `${UUID}:1-50:60` });
});

test("without a GTID set nothing can be known", async () => {
  const plain = { ...saved, gtidSet: null };
  expect(await refuseUnlogged(plain, state, lacking("x"), false)).toBe(plain);
});

test.each([
  ["counts with the others", true, state.gtidPurged, state.gtidPurged],
  ["does not count", false, state.gtidPurged, `${UUID}:1-10:16-19`],
  ["does not count, and there is nothing else", false, `${OTHER}:7`, ""],
])(
  "what a replica applies, with log_replica_updates: %s",
  async (_, logsReplicated, gtidPurged, asked) => {
    const sets: string[] = [];
    const subtract = async (set: string): Promise<string> => {
      sets.push(set);
      return "";
    };
    await refuseUnlogged(saved, { ...state, gtidPurged, logsReplicated }, { subtract }, false);
    expect(sets).toEqual([asked]);
  },
);
