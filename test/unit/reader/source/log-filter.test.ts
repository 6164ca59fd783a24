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

test("the reader starts when the server's filters leave out nothing but the canary's table", () => {
  const followed = ["shop.*", CANARY_TABLE];
  requireLogged({ loggedOnly: ["shop"], notLogged: [] }, followed, false);
  const others = { loggedOnly: ["other"], notLogged: [] };
  expect(() => requireLogged(others, followed, false)).toThrow(/database shop/);
});
