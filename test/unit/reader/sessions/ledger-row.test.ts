import { expect, test } from "vitest";
import { registeredAuthor } from "../../../../reader/sessions/ledger-row.ts";

const WRITER = 4103;

test("a row of the ledger says whose connection it is", () => {
  const row = '{"slot":7,"connection_id":4103,"user":"app_staging","host":"10.0.3.7","at":"x"}';
  expect(registeredAuthor(row, WRITER)).toEqual({
    user: "app_staging",
    host: "10.0.3.7",
    attribution: "ledger",
  });
});

test("a row about another connection than its writer's registers nobody", () => {
  expect(registeredAuthor('{"connection_id":4104,"user":"a","host":"b"}', WRITER)).toBeNull();
});

test.each([
  "",
  "{}",
  '{"slot":7,"connection_id":0,"user":"","host":"","at":"x"}',
  '{"connection_id":"4103","user":"a","host":"b"}',
  '{"connection_id":4103,"user":null,"host":"b"}',
  '{"connection_id":4103,"user":"a"}',
])("what lacks something is none: %j", (row) => {
  expect(registeredAuthor(row, WRITER)).toBeNull();
});

test("an unused slot registers nobody, whoever writes it", () => {
  expect(registeredAuthor('{"connection_id":0,"user":"","host":""}', 0)).toBeNull();
});
