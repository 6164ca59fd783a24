import { expect, test } from "vitest";
import {
  snapshotFindings,
  type SnapshotSubscribers,
} from "../../../../../operator/commands/doctor/snapshot-checks.ts";
import type { ServerFacts } from "../../../../../operator/commands/doctor/facts.ts";

const TABLES = [
  ["shop", "orders"],
  ["shop_eu", "orders"],
].map(([database = "", table = ""]) => ({ database, table, columns: [] }));
const SUBSCRIBERS: SnapshotSubscribers = {
  search: { tables: ["shop.*"], snapshot: "initial" },
  audit: { tables: ["*.*"], snapshot: "none" },
};

function findings(grants: readonly string[] | null, subscribers = SUBSCRIBERS) {
  const facts = { readerHost: "%", readerGrants: grants } as ServerFacts;
  return snapshotFindings(facts, "reader", subscribers, TABLES);
}

test("an initial snapshot of a table that the reader may not read is a warning, with the grant", () => {
  expect(findings(["GRANT REPLICATION SLAVE ON *.* TO `reader`@`%`"])).toMatchObject([
    {
      check: "snapshots.select",
      severity: "warning",
      statements: ["GRANT SELECT ON `shop`.* TO 'reader'@'%'"],
    },
  ]);
});

test("without an initial snapshot it is a note, because an operator may order one", () => {
  const { audit } = SUBSCRIBERS;
  if (audit === undefined) throw new Error("no such subscriber");
  expect(findings(["GRANT SELECT ON `shop`.* TO `reader`@`%`"], { audit })).toMatchObject([
    { severity: "note", statements: ["GRANT SELECT ON `shop_eu`.* TO 'reader'@'%'"] },
  ]);
});

test.each([
  [["GRANT SELECT, REPLICATION SLAVE ON *.* TO `reader`@`%`"]],
  [["GRANT SELECT ON `shop`.* TO `reader`@`%`", "GRANT SELECT ON `shop\\_eu`.* TO `reader`@`%`"]],
  [
    [
      "GRANT SELECT ON `shop`.`orders` TO `reader`@`%`",
      "GRANT ALL PRIVILEGES ON `shop_eu`.* TO `reader`@`%`",
    ],
  ],
])("%j is enough", (grants) => {
  expect(findings(grants)).toEqual([]);
});

test("SELECT on some columns is not enough, and no account is another finding's", () => {
  expect(findings(["GRANT SELECT (`id`), INSERT ON `shop`.`orders` TO `reader`@`%`"])).toHaveLength(
    1,
  );
  expect(findings(null)).toEqual([]);
});
