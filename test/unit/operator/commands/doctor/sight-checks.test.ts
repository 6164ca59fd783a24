import { expect, test } from "vitest";
import type { SightFacts } from "../../../../../operator/commands/doctor/ask-sight.ts";
import { sightFindings } from "../../../../../operator/commands/doctor/sight-checks.ts";

const CLEAR: SightFacts = { loggedOnly: [], notLogged: [], xSessions: 0, threadIdSetters: [] };
const FILTERED = ["ledger.filtered"];

test.each([
  ["nothing", {}, []],
  ["a filter without the ledger", { loggedOnly: ["shop"] }, FILTERED],
  ["a filter with the ledger", { loggedOnly: ["shop", "binlog_router"] }, []],
  ["the ledger left out", { notLogged: ["binlog_router"] }, FILTERED],
  ["another schema left out", { notLogged: ["scratch"] }, []],
  ["both", { loggedOnly: ["binlog_router"], notLogged: ["binlog_router"] }, []],
  ["X Protocol", { xSessions: 3 }, ["connections.x-protocol"]],
  [
    "an account that may set pseudo_thread_id",
    { threadIdSetters: ["'dba'@'%'"] },
    ["accounts.thread-id"],
  ],
])("%s", (_, facts, checks) => {
  const found = sightFindings({ ...CLEAR, ...facts }, true);
  expect(found.map(({ check }) => check)).toEqual(checks);
});

test("a binlog filter gives no finding where there is no ledger", () => {
  expect(sightFindings({ ...CLEAR, loggedOnly: ["shop"] }, false)).toEqual([]);
});
