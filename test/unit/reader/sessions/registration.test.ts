import { expect, test } from "vitest";
import { parseRegistration } from "../../../../reader/sessions/registration.ts";

test("a row of the ledger says whose connection it is", () => {
  const row = '{"slot":7,"connection_id":4103,"user":"app_staging","host":"10.0.3.7","at":"x"}';
  expect(parseRegistration(row)).toEqual({
    thread: 4103,
    author: { user: "app_staging", host: "10.0.3.7", attribution: "ledger" },
  });
});

test.each([
  "",
  "{}",
  '{"slot":7,"connection_id":0,"user":"","host":"","at":"x"}',
  '{"connection_id":"1","user":"a","host":"b"}',
  '{"connection_id":1,"user":null,"host":"b"}',
])("what lacks something is none: %j", (row) => {
  expect(parseRegistration(row)).toBeNull();
});
