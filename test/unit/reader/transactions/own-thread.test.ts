import { expect, test } from "vitest";
import { isOwnThread } from "../../../../reader/transactions/own-thread.ts";
import { foreignRun, isForeignRun } from "../../../../wire/session.ts";

const UUID = "2ede0cc2-e519-11f1-9f06-02fc00000001";
const OTHER = "adab0ece-eb0a-11f1-aa93-02fc00000001";

const at = (original: number, immediate: number, prefix: string | null = `${OTHER}:`) => ({
  prefix,
  originalCommitTimestamp: original,
  immediateCommitTimestamp: immediate,
});

test.each([
  ["a transaction of the server itself", { serverId: 1, gtid: at(5, 5) }, true],
  ["one of a server that writes no times", { serverId: 1, gtid: at(0, 0) }, true],
  ["one without a GTID event", { serverId: 1, gtid: null }, true],
  ["another server's", { serverId: 2, gtid: at(5, 5) }, false],
  ["one with a former server_id", { serverId: 2, gtid: at(5, 5, `${UUID}:`) }, true],
  ["a tagged one with a former server_id", { serverId: 2, gtid: at(5, 5, `${UUID}:x:`) }, true],
  ["one that came back from a replica", { serverId: 2, gtid: at(4, 5, `${UUID}:`) }, false],
  ["one of another id without times", { serverId: 2, gtid: at(0, 0, `${UUID}:`) }, false],
  ["an anonymous one of another id", { serverId: 2, gtid: at(5, 5, null) }, false],
  ["a replayed one", { serverId: 1, gtid: at(4, 5) }, false],
  ["one replayed from a log without times", { serverId: 1, gtid: at(0, 5) }, false],
])("isOwnThread judges the thread id of %s", (_, execution, isOwn) => {
  expect(isOwnThread(execution, { serverId: 1, serverUuid: UUID })).toBe(isOwn);
});

// Earlier releases recorded authors of other servers' threads under the run -server_id.
test("a foreign run differs from the server's own runs and from those of earlier releases", () => {
  for (const serverId of [0, 1, 2 ** 32 - 1]) {
    expect(isForeignRun(foreignRun(serverId))).toBe(true);
    expect(foreignRun(serverId)).toBeLessThan(-(2 ** 32 - 1));
  }
  expect(isForeignRun(0)).toBe(false);
});
