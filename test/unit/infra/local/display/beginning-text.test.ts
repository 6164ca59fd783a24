import { expect, test } from "vitest";
import { beginningText } from "../../../../../infra/local/display/beginning-text.ts";

const OWN = { mysql: undefined, schemaFile: undefined };
const GIVEN = { ...OWN, mysql: { host: "db", port: 3306, user: "root", password: "" } };
const ALL = "MySQL, queues, tables and offset";
const NOW = "Delivered is what is written from now on; what this server wrote before is not.";

test("a start says what begins empty, what is kept, and what it goes on with", () => {
  expect(beginningText(OWN, "now", null)).toEqual([
    `Begun empty, and gone when this stops: ${ALL}. With --keep they outlive it.`,
  ]);
  expect(beginningText(GIVEN, "now", null)).toEqual([
    NOW,
    "Begun empty, and gone when this stops: queues, tables and offset. With --keep they outlive it.",
  ]);
  const first = { path: "kept", isFirst: true };
  expect(beginningText(OWN, "now", first)).toEqual([`Kept in kept for the next --keep: ${ALL}.`]);
  expect(beginningText(GIVEN, "now", first)[0]).toBe(NOW);
  expect(beginningText(GIVEN, "oldest", first)).toHaveLength(1);
  const later = { path: "kept", isFirst: false };
  expect(beginningText(GIVEN, "now", later)).toEqual([
    "Gone on with what is kept in kept: queues, tables and offset.",
  ]);
  expect(beginningText({ ...OWN, schemaFile: "s.sql" }, "now", later)[1]).toContain("not again");
});
