import { expect, test } from "vitest";
import { logFilterFindings } from "../../../../reader/source/log-filter.ts";

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
