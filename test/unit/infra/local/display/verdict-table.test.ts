import { expect, test } from "vitest";
import type { Mark } from "../../../../../infra/local/demo/mark.ts";
import { Tally } from "../../../../../infra/local/demo/tally.ts";
import { verdictTable } from "../../../../../infra/local/display/verdict-table.ts";

const mark = (number: number): Mark => ({
  writtenBy: "staging",
  op: "c",
  table: "orders",
  row: number,
  number,
});

function tallyWith(received: number[]): Tally {
  const tally = new Tally([{ environment: "staging", subscriber: "billing", wants: () => true }]);
  tally.committed([mark(1), mark(2)], 0);
  for (const number of received) {
    tally.received("staging", "billing", { mark: mark(number), attribution: "ledger", atMs: 40 });
  }
  return tally;
}

test("a clean tally says that every environment received its own", () => {
  const text = verdictTable(tallyWith([1, 2]));
  expect(text).toMatch(/staging +│ billing +│ +2 │ +2 │ +0 │ +0 │ +0 │ +0 │ +0 │ +40 ms/);
  expect(text).toContain("Authors were found by: ledger 2.");
  expect(text).toContain("received its own changes, each once, and nothing else");
});

test("a verdict with faults gives their numbers", () => {
  expect(verdictTable(tallyWith([1, 1]))).toContain("Wrong: 0 foreign, 1 missing, 1 repeated.");
});

test("parked changes are reported, and are no fault", () => {
  const tally = tallyWith([1]);
  tally.setParked([{ mark: mark(2), subscriber: null, reason: "unattributed" }]);
  expect(verdictTable(tally)).toContain(
    "1 deliveries wait in failure records: 1 because it is not known for certain who wrote them.",
  );
});

test("a queue in trouble is not taken for an unknown author", () => {
  const tally = tallyWith([]);
  tally.setParked([
    { mark: mark(1), subscriber: "billing", reason: "queue-unavailable" },
    { mark: mark(2), subscriber: "billing", reason: "behind" },
  ]);
  const text = verdictTable(tally);
  expect(text).toContain("2 deliveries wait in failure records: 2 because a queue did not take");
  expect(text).not.toContain("who wrote");
  expect(tally.waitingForQueues).toBe(2);
});

test("a mistake in binlog-router's code is not taken for a queue in trouble", () => {
  const tally = tallyWith([1]);
  tally.setParked([{ mark: mark(2), subscriber: "billing", reason: "fault" }]);
  const text = verdictTable(tally);
  expect(text).toContain(
    "1 because binlog-router's own code failed on them or on one before them.",
  );
  expect(text).not.toContain("did not take");
  expect(tally.waitingForQueues).toBe(0);
});
