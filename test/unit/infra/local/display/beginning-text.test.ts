import { expect, test } from "vitest";
import { beginningText } from "../../../../../infra/local/display/beginning-text.ts";

const OWN = { mysql: undefined, schemaFile: undefined };
const GIVEN = { ...OWN, mysql: { host: "db", port: 3306, user: "root", password: "" } };
const ALL = "MySQL, queues, tables and offset";
const NOW =
  "Changes that are written from now on are delivered; earlier changes of this server are not.";

test("a start says what begins empty, what is kept, and what it goes on with", () => {
  expect(beginningText(OWN, "now", null)).toEqual([
    `These begin empty, and are removed when npm start stops: ${ALL}. With --keep they are kept.`,
  ]);
  expect(beginningText(GIVEN, "now", null)).toEqual([
    NOW,
    "These begin empty, and are removed when npm start stops: queues, tables and offset. With --keep they are kept.",
  ]);
  const first = { path: "kept", isFirst: true };
  expect(beginningText(OWN, "now", first)).toEqual([
    `Kept in kept for the next start with --keep: ${ALL}.`,
  ]);
  expect(beginningText(GIVEN, "now", first)[0]).toBe(NOW);
  expect(beginningText(GIVEN, "oldest", first)).toHaveLength(1);
  const later = { path: "kept", isFirst: false };
  expect(beginningText(GIVEN, "now", later)).toEqual([
    "This run continues what is kept in kept: queues, tables and offset.",
  ]);
  expect(beginningText({ ...OWN, schemaFile: "s.sql" }, "now", later)[1]).toContain(
    "is not run again",
  );
});
