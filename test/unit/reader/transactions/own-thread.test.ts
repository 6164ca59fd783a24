import { expect, test } from "vitest";
import { isOwnThread } from "../../../../reader/transactions/own-thread.ts";
import { foreignRun, isForeignRun } from "../../../../wire/session.ts";

const at = (original: number, immediate: number) => ({
  originalCommitTimestamp: original,
  immediateCommitTimestamp: immediate,
});

test.each([
  ["a transaction of the server itself", { serverId: 1, gtid: at(5, 5) }, true],
  ["one of a server that writes no times", { serverId: 1, gtid: at(0, 0) }, true],
  ["one without a GTID event", { serverId: 1, gtid: null }, true],
  ["another server's", { serverId: 2, gtid: at(5, 5) }, false],
  ["a replayed one", { serverId: 1, gtid: at(4, 5) }, false],
  ["one replayed from a log without times", { serverId: 1, gtid: at(0, 5) }, false],
])("isOwnThread judges the thread id of %s", (_, execution, isOwn) => {
  expect(isOwnThread(execution, 1)).toBe(isOwn);
});

// Earlier releases recorded authors of other servers' threads under the run -server_id.
test("a foreign run differs from the server's own runs and from those of earlier releases", () => {
  for (const serverId of [0, 1, 2 ** 32 - 1]) {
    expect(isForeignRun(foreignRun(serverId))).toBe(true);
    expect(foreignRun(serverId)).toBeLessThan(-(2 ** 32 - 1));
  }
  expect(isForeignRun(0)).toBe(false);
});
