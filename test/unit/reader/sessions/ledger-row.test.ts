import { expect, test } from "vitest";
import { registeredAuthor } from "../../../../reader/sessions/ledger-row.ts";

const WRITER = 4103;
const rowOf = (thread: number): string => `{"connection_id":${thread},"user":"a","host":"b"}`;

test("a row of the ledger names the connection's account", () => {
  const row = '{"slot":7,"connection_id":4103,"user":"app_staging","host":"10.0.3.7","at":"x"}';
  expect(registeredAuthor({ op: "u", row }, WRITER)).toEqual({
    user: "app_staging",
    host: "10.0.3.7",
    attribution: "ledger",
  });
});

test("a row about another connection than its writer's registers no account", () => {
  expect(registeredAuthor({ op: "u", row: rowOf(4104) }, WRITER)).toBeNull();
});

test.each([
  "{}",
  '{"slot":7,"connection_id":0,"user":"","host":"","at":"x"}',
  '{"connection_id":"4103","user":"a","host":"b"}',
  '{"connection_id":4103,"user":null,"host":"b"}',
  '{"connection_id":4103,"user":"a"}',
])("an incomplete row registers no account: %j", (incomplete) => {
  expect(registeredAuthor({ op: "u", row: incomplete }, WRITER)).toBeNull();
});

test("an unused slot registers no account, whoever writes it", () => {
  expect(registeredAuthor({ op: "u", row: rowOf(0) }, 0)).toBeNull();
});

// A dump of the table may contain a row whose id equals that of the connection that restores it.
test.each(["c", "d"] as const)("a row that is not updated (%s) registers no account", (op) => {
  expect(registeredAuthor({ op, row: rowOf(WRITER) }, WRITER)).toBeNull();
});
