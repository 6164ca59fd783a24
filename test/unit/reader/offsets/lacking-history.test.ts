import { expect, test } from "vitest";
import type { Replication } from "../../../../reader/offsets/evidence.ts";
import { lackingHistory } from "../../../../reader/offsets/lacking-history.ts";
import {
  BinlogInterruptedError,
  HistoryMismatchError,
} from "../../../../reader/reporting/errors.ts";

// Sets are written with a letter for each server and single numbers: "a:1,a:2".
const evidence = {
  isSubset: async (subset: string, set: string) =>
    subset.split(",").every((gtid) => set.split(",").includes(gtid)),
  subtract: async (set: string, others: string) =>
    set
      .split(",")
      .filter((gtid) => !others.split(",").includes(gtid))
      .join(","),
};
const anchor = { file: "bin.1", start: 4, begunS: null, gtid: "a:3", committedUs: 1 };
const read = { gtidSet: "a:1,a:2,a:3", anchor };
type Saved = Parameters<typeof lackingHistory>[0];
const replica = { uuid: "b", gtidExecuted: "a:1,b:1" };
const IS_CONNECTED = { received: "", isReceiving: true };
const HAS_RECEIVED = { received: "a:1,a:2,a:3", isReceiving: false };
const HAS_RECEIVED_A_PART = { received: "a:1,a:2", isReceiving: false };

async function errorOf(replication: Replication, server = replica, saved: Saved = read) {
  return lackingHistory(saved, server, { ...evidence, replication: async () => replication });
}

test.each([HAS_RECEIVED, IS_CONNECTED])(
  "a replica that only has to catch up is waited for: %o",
  async (replication) => {
    const error = await errorOf(replication);
    expect(error).toBeInstanceOf(BinlogInterruptedError);
    expect(error.message).toContain(": a:2,a:3. ");
    expect(error.message).toContain("If it never will, run `npm run offsets -- set --gtid a:1`");
  },
);

test.each([
  { why: "it has received a part only", replication: HAS_RECEIVED_A_PART },
  {
    why: "it has nothing of the source",
    replication: IS_CONNECTED,
    server: { uuid: "b", gtidExecuted: "c:1" },
  },
  { why: "it wrote what it lacks", replication: HAS_RECEIVED, server: { ...replica, uuid: "a" } },
  {
    why: "it has the last transaction",
    replication: HAS_RECEIVED,
    server: { uuid: "b", gtidExecuted: "a:1,a:3" },
  },
  { why: "nothing was read", replication: HAS_RECEIVED, saved: { ...read, anchor: null } },
])("a server stops the reader because $why", async ({ replication, server, saved }) => {
  expect(await errorOf(replication, server, saved)).toBeInstanceOf(HistoryMismatchError);
});

test("the remedy for a replica that took over names what both have, that for a restored server does not", async () => {
  const lost = await errorOf(HAS_RECEIVED_A_PART);
  expect(lost.message).toContain("`npm run offsets -- set --gtid a:1`");
  const restored = await errorOf(HAS_RECEIVED_A_PART, { ...replica, uuid: "a" });
  expect(restored.message).not.toContain("--gtid");
});
