import type { Connection } from "mysql2/promise";
import { expect, test } from "vitest";
import { CANARY_TABLE } from "../../../../config/canary-names.ts";
import { logFilterFindings, requireLogged } from "../../../../reader/source/log-filter.ts";

const tables = ["shop.*", "Books.orders", "!other.*", "*.audit", "tenant_*.orders"];

test.each([
  ["no filter", {}, []],
  ["filters of other databases", { notLogged: ["other", "tenant_1", "books"] }, []],
  ["a followed database", { notLogged: ["shop"] }, ["shop"]],
  ["all but one", { loggedOnly: ["shop"] }, ["Books"]],
  [
    "both filters, of which MySQL heeds the first",
    {
      loggedOnly: ["shop", "Books"],
      notLogged: ["shop"],
    },
    [],
  ],
])("%s", (_, filter, databases) => {
  const found = logFilterFindings({ loggedOnly: [], notLogged: [], ...filter }, tables, false);
  expect(found.map(({ about }) => about)).toEqual(databases);
  expect(found.every(({ severity }) => severity === "loss")).toBe(true);
});

test("names are compared in lower case where the server does so", () => {
  const filter = { loggedOnly: [], notLogged: ["bOOKS"] };
  expect(logFilterFindings(filter, tables, true).map(({ about }) => about)).toEqual(["books"]);
});

test("the canary's rows may be missing: the reader goes on with all other changes", () => {
  const filter = { loggedOnly: ["shop"], notLogged: [] };
  const followed = ["shop.*", CANARY_TABLE];
  expect(logFilterFindings(filter, followed, false)).toMatchObject([
    { about: "binlog_canary", severity: "warning" },
  ]);
});

test("the reader starts when the server's filters leave out nothing but the canary's table", async () => {
  const state = { version: "9.7.4", lowerCaseNames: false };
  const followed = ["shop.*", CANARY_TABLE];
  await requireLogged(serverThatLogs("shop"), state, followed);
  await expect(requireLogged(serverThatLogs("other"), state, followed)).rejects.toThrow(
    /database shop/,
  );
});

function serverThatLogs(Binlog_Do_DB: string): Connection {
  const status = { Binlog_Do_DB, Binlog_Ignore_DB: "" };
  return { query: async () => [[status]] } as unknown as Connection;
}
