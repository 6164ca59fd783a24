import { execFileSync } from "node:child_process";
import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { findingTexts } from "../../../../../infra/local/display/facts-text.ts";
import { duration, uptime } from "../../../../../infra/local/display/format.ts";
import { joinInText, type JoinIn } from "../../../../../infra/local/display/join-in.ts";
import { wellFacts } from "../../../../support/console/well-facts.ts";
import type { Snapshot } from "../../../../../infra/local/display/snapshot.ts";
import { statusLine } from "../../../../../infra/local/display/status-line.ts";
import { statusTable } from "../../../../../infra/local/display/status-table.ts";

const FACTS = wellFacts();
const SNAPSHOT: Snapshot = {
  uptimeMs: 62_000,
  streams: [
    {
      environment: "staging",
      subscriber: "billing",
      written: 1200,
      delivered: 1198,
      routed: 900,
      parked: 0,
      dead: 0,
      waiting: 2,
      delayMs: 12.4,
    },
    {
      environment: "staging",
      subscriber: "search",
      written: 1200,
      delivered: 1200,
      routed: 901,
      parked: 1,
      dead: 0,
      waiting: 0,
      delayMs: 1400,
    },
    {
      environment: "unrouted",
      subscriber: "billing",
      written: null,
      delivered: null,
      routed: null,
      parked: 0,
      dead: 2,
      waiting: 3,
      delayMs: null,
    },
  ],
  attributions: [["ledger", 2398]],
  facts: FACTS,
  verdict: {
    foreign: 0,
    missing: 2,
    repeated: 0,
    outOfOrder: 0,
    parked: 1,
    unattributed: 1,
    faults: 0,
  },
  standStillMs: null,
  problems: { count: 0, last: null },
};

test("the table shows each stream, and the state of the shared parts", () => {
  const table = stripVTControlCharacters(statusTable(SNAPSHOT));
  expect(table).toMatch(/staging +│ billing +│ +1,200 │ +1,198 │ +900 │ +2 │ +0 │ +0 │ +12 ms/);
  expect(table).toMatch(/│ +│ search +│ +1,200 │ +1,200 │ +901 │ +0 │ +1 │ +0 │ +1\.4 s/);
  expect(table).toMatch(/unrouted +│ billing +│ +– │ +– │ no queue │ +3 │ +0 │ +2 │ +–/);
  expect(table).toContain("authors found by: ledger 2,398");
  expect(table).toContain("MySQL 9.7.4 running · reader streaming, lag 3 ms · raw queue 0");
  expect(table).toContain("all is well; no alarm rings");
  expect(table).toContain("failure records: 0");
  expect(table).not.toContain("a moment ago");
});

test("the line shows each environment's sums", () => {
  expect(statusLine(SNAPSHOT)).toBe(
    "1:02  staging: 2,398 of 2,400 delivered, 2 waiting, 1.4 s | unrouted: 0 routed, 3 waiting | " +
      "authors: ledger 2398 | MySQL 9.7.4 running | reader streaming, lag 3 ms | raw queue 0 | " +
      "failure records: 0 | foreign 0, repeated 0 | all is well; no alarm rings",
  );
});

test("the table and the line show each finding with the runbook's heading", () => {
  const down = { ...SNAPSHOT, facts: { ...FACTS, reader: null } };
  const text = "No reader answers. Runbook: Reader not reporting";
  expect(statusLine(down)).toContain(text);
  expect(statusTable(down)).toContain(`● ${text}`);
  for (const shown of [statusLine(down), statusTable(down)])
    expect(shown).not.toContain("all is well");
});

test("without the demonstration only its own columns are missing", () => {
  const table = stripVTControlCharacters(statusTable({ ...SNAPSHOT, verdict: null }));
  expect(table).toMatch(/environment +│ subscriber +│ +routed │ waiting │ parked │ dead/);
});

test.each([120, 80, 60, 40, 20])("no line is wider than a terminal of %i columns", (width) => {
  const lines = stripVTControlCharacters(statusTable(SNAPSHOT, width)).split("\n");
  for (const line of lines) expect(Array.from(line).length).toBeLessThanOrEqual(width);
  if (width >= 60) expect(lines.join("\n")).toMatch(/waiting │ parked │ dead/);
});

test("a terminal of 40 columns has each queue with what waits, is parked and dead", () => {
  const lines = stripVTControlCharacters(statusTable(SNAPSHOT, 40)).split("\n");
  expect(lines.slice(0, 4)).toEqual([
    "queue            waiting parked dead",
    "staging/billing        2      0    0",
    "staging/search         0      1    0",
    "unrouted/billing       3      0    2",
  ]);
});

test("a reader that has not noticed that MySQL is gone is not said to read", () => {
  const source = { ...FACTS.source, state: "suspended" } as const;
  const down = { ...SNAPSHOT, facts: { ...FACTS, source } };
  for (const text of [statusLine(down), statusTable(down)]) {
    expect(text).toContain("reader waits for MySQL");
    expect(text).not.toContain("streaming");
  }
});

test.each([120, 80, 60])("a terminal of %i columns shows each finding whole", (width) => {
  const queues = FACTS.queues.map((queue) => ({ ...queue, counts: null }));
  const down = { ...SNAPSHOT, facts: { ...FACTS, queues, reader: null } };
  const table = stripVTControlCharacters(statusTable(down, width));
  for (const line of table.split("\n")) expect(Array.from(line).length).toBeLessThanOrEqual(width);
  const text = table.replaceAll(/\n {2}/g, " ");
  const findings = findingTexts(down.facts);
  expect(findings.join()).toMatch(/Reader not reporting.*Runbook: Failures pending/);
  for (const finding of findings) expect(text).toContain(`● ${finding}`);
  expect(text).toContain("queue in trouble 0");
});

test("a machine that is too slow for its stand-ins is named as such", () => {
  const slow = { ...SNAPSHOT, standStillMs: 1234 };
  for (const text of [statusLine(slow), statusTable(slow)]) {
    expect(text).toContain("this machine is slow: the stand-ins for AWS did nothing for 1.2 s");
    expect(text).not.toContain("may be parked");
  }
  const stopped = { ...SNAPSHOT, standStillMs: 6000 };
  for (const text of [statusLine(stopped), statusTable(stopped)])
    expect(text).toContain("did nothing for 6.0 s at a time, so queues may be parked");
});

test("the last problem is shown with how many there were", () => {
  const snapshot = { ...SNAPSHOT, problems: { count: 3, last: "the reader ended" } };
  for (const text of [statusLine(snapshot), statusTable(snapshot)])
    expect(text).toContain("a moment ago, problem 3: the reader ended");
});

test.each([
  [12.4, "12 ms"],
  [1449, "1.4 s"],
  [null, "–"],
])("a duration of %s ms reads %s", (ms, text) => {
  expect(duration(ms)).toBe(text);
});

test.each([
  [5_000, "0:05"],
  [3_723_000, "1:02:03"],
])("an uptime of %i ms reads %s", (ms, text) => {
  expect(uptime(ms)).toBe(text);
});

const JOIN_IN: JoinIn = {
  mysql: { host: "127.0.0.1", port: 21000 },
  mysqlClient: "mysql",
  database: "shop",
  accounts: [{ environment: "staging", user: "app_staging", password: "pw" }],
  region: "us-east-1",
  credentials: { accessKeyId: "key", secretAccessKey: "secret" },
  sqsEndpoint: "http://127.0.0.1:9324",
  queueUrl: "http://127.0.0.1:9324/000000000000/shop-billing-staging.fifo",
  stackFile: "/checkout/.local/stack.json",
};

test("how to join in names a command for each account and a queue", () => {
  const text = joinInText(JOIN_IN);
  expect(text).toContain("mysql -h 127.0.0.1 -P 21000 -u app_staging -ppw shop");
  expect(text).toMatch(
    /without taking messages from a queue:\n {2}npm run tail -- --environment staging /,
  );
  expect(text).toContain("this hides the messages from applications for a while, and counts as a");
  expect(text).toContain(
    "AWS_ACCESS_KEY_ID=key AWS_SECRET_ACCESS_KEY=secret aws --endpoint-url http://127.0.0.1:9324 sqs receive-message",
  );
});

test("the commands for joining in can be copied whatever characters paths, users and passwords have", () => {
  const mysqlClient = "/home/Ada Lovelace/.cache/mysql";
  const account = { environment: "staging", user: "stg$1", password: "it's $(secret)" };
  const stackFile = "/home/Ada Lovelace/router/stack.json";
  const text = joinInText({
    ...JOIN_IN,
    mysqlClient,
    database: "a shop",
    accounts: [account],
    stackFile,
  });
  const wordsOf = (command: string): string[] => {
    const line = text.split("\n").find((each) => each.includes(command)) ?? "";
    const words = line.slice(line.indexOf(command) + command.length);
    return execFileSync("sh", ["-c", `printf '%s\\n' ${words}`], { encoding: "utf8" })
      .trimEnd()
      .split("\n");
  };
  expect(wordsOf("staging  ")).toEqual([
    mysqlClient,
    "-h",
    "127.0.0.1",
    "-P",
    "21000",
    "-u",
    account.user,
    `-p${account.password}`,
    "a shop",
  ]);
  expect(wordsOf("npm run tail -- ")).toEqual(["--environment", "staging", "--local", stackFile]);
});
