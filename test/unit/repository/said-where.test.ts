import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { OLDEST_VERSION_TEXT } from "../../../reader/source/server-version.ts";

const read = (path: string): string =>
  readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");

/** A section's text up to the next heading of any depth, with single spaces. */
function section(page: string, heading: string): string {
  const [, rest] = `\n${read(page)}`.split(`\n${heading}\n`);
  if (rest === undefined) throw new RangeError(`${page} has no section ${heading}`);
  return (rest.split(/^#+ /m)[0] ?? "").replaceAll(/\s+/g, " ");
}

/** The names of the DynamoDB commands that a source file sends. */
const commandsIn = (path: string): string[] => [
  ...new Set([...read(path).matchAll(/new (\w+)Command\(/g)].map(([, name = ""]) => name)),
];

const engines = (path: string): string =>
  (JSON.parse(read(path)) as { readonly engines: { readonly node: string } }).engines.node;

const FIT = "## What it works with, and what it is not for";
const TOUR = "## Your own rows in your own handler";

test.for([
  ["the oldest MySQL", "README.md", FIT, `| MySQL | ${OLDEST_VERSION_TEXT} and later, 8.4 and 9`],
  ["the MySQL that is not supported", "README.md", FIT, "Not MariaDB"],
  ["the Node of the repository", "README.md", FIT, "the repository: ^20.19 or >=22.12 to install"],
  ["the Node of the client", "README.md", FIT, "the client: 20.9 and later"],
  ["the regions", "README.md", FIT, "| AWS regions | those with Lambda's Node.js 24 runtime"],
  ["that it copies no database", "README.md", FIT, "It does not copy databases"],
  ["that it transforms no values", "README.md", FIT, "it does not transform values"],
  ["that privileges are MySQL's", "README.md", FIT, "It does not decide who may write what"],
  [
    "that users of an application are not known",
    "README.md",
    FIT,
    "It distinguishes MySQL accounts",
  ],
  ["how a MySQL is named", "README.md", FIT, "named by `BINLOG_ROUTER_MYSQLD`"],
  [
    "how a MySQL is named, with a path",
    "docs/local.md",
    "# `npm start`: the whole system on one machine",
    "`BINLOG_ROUTER_MYSQLD=/path/to/mysqld`",
  ],
  ["how one test is run", "README.md", "## Two commands", "npm test -- FILE"],
  ["how one test is run by its name", "CONTRIBUTING.md", "## Tests", '-t "purged"` runs one test'],
  [
    "what a definition's change has",
    "README.md",
    TOUR,
    "its `op` is `ddl` and its `after` is null",
  ],
  [
    "what the first message may be",
    "client/README.md",
    "# @binlog-router/client",
    "`change.after` is the row as it is now. It is null for a deleted row, a truncated table and a changed table definition (`change.op` is `d`, `t`, `ddl`)",
  ],
  ...(
    [
      ["client/README.md", "## A change"],
      ["docs/message-format.md", "## Values"],
    ] as const
  ).map(
    ([page, heading]) =>
      ["which keys Node misreads", page, heading, "a key that is one backslash"] as const,
  ),
  [
    "the key of the table of positions",
    "client/README.md",
    "## Duplicates",
    "The table has the partition key `id`, a string, and no sort key",
  ],
] as const)("%s is said where people look: %s, %s", ([, page, heading, words]) => {
  expect(section(page, heading)).toContain(words);
});

test("the permissions on the table of positions are those that its store uses", () => {
  const used = commandsIn("client/dynamodb.ts").map((name) => `\`dynamodb:${name}\``);
  expect(section("client/README.md", "## Duplicates")).toContain(
    `Each process needs ${used.join(" and ")} on it`,
  );
});

test("the versions of Node are those of the packages", () => {
  expect(engines("package.json")).toBe("^20.19.0 || >=22.12.0");
  expect(engines("client/package.json")).toMatch(/^>=20\./);
});
