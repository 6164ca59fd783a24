import { SeededRandom } from "@binlog-router/local-aws/seeded-random";
import type { Connection, RowDataPacket } from "mysql2/promise";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseEventHeader } from "../../../reader/binlog-format/events/event-header.ts";
import { EventType } from "../../../reader/binlog-format/events/event-types.ts";
import { changesOf } from "../../../reader/statements/definition-changes.ts";
import { FollowedTables } from "../../../reader/statements/followed-tables.ts";
import { QueryEvent } from "../../../reader/statements/query-event.ts";
import { readStatement } from "../../../reader/statements/statement.ts";
import { BinlogFile } from "../../support/binlog-changes.ts";
import { useMysql } from "../../support/mysql.ts";
import { DATABASES, RandomStatements } from "../../support/random-statements.ts";
import { ByteSession, clientCharsets, encoded } from "../../support/statement-bytes.ts";

// Random statements in every character set of a session and in the SQL modes that change how a
// statement is read: the tables that the reader names are those that the server changed.
// STATEMENTS=n runs n for each of them, SEED repeats a run.

const STATEMENTS = Number(process.env["STATEMENTS"] ?? 2);
const SEED = Number(process.env["SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const MODES = [
  "STRICT_TRANS_TABLES",
  "ANSI_QUOTES",
  "NO_BACKSLASH_ESCAPES",
  "ANSI_QUOTES,NO_BACKSLASH_ESCAPES",
];

const mysql = useMysql();
const followed = new FollowedTables({
  patterns: ["fuzz_?.*"],
  ledger: "ledger.table",
  lowerCase: false,
});
let binlog: BinlogFile;
let administrator: Connection;

beforeAll(async () => {
  binlog = await BinlogFile.open(mysql.server, DATABASES[0]);
  administrator = await mysql.connect();
});
afterAll(() => binlog[Symbol.asyncDispose]());

test(
  `the tables that statements name are those that they change (SEED=${SEED})`,
  { timeout: 3_600_000 },
  async () => {
    const random = new SeededRandom(SEED);
    const statements = new RandomStatements(random);
    let executed = 0;
    const refused = new Map<string, number>();
    for (const charset of await clientCharsets(administrator)) {
      for (const database of DATABASES) {
        await administrator.query(`DROP DATABASE IF EXISTS ${database}`);
        await administrator.query(`CREATE DATABASE ${database}`);
      }
      const connection = await mysql.connect(undefined, { database: DATABASES[0] });
      const session = new ByteSession(connection);
      for (const mode of MODES) {
        await session.speaks(charset, mode);
        const style = {
          ansiQuotes: mode.includes("ANSI_QUOTES"),
          backslashEscapes: !mode.includes("NO_BACKSLASH_ESCAPES"),
        };
        for (let i = 0; i < STATEMENTS; i++) {
          await fillTables();
          const before = await tables();
          const text = statements.next([...before.keys()], style);
          const bytes = await encoded(administrator, charset, text);
          if (bytes === null) continue;
          await binlog.events();
          try {
            await session.run(bytes);
            executed++;
          } catch (error) {
            const { code = "" } = error as { code?: string };
            refused.set(code, (refused.get(code) ?? 0) + 1);
          }
          const named = [...(await namedTables())].toSorted();
          const changed = difference(before, await tables());
          // Logged although nothing changes: IF EXISTS, IF NOT EXISTS, and a table that is renamed
          // to its own name.
          const isNoChange = changed.length === 0 && named.length === 1 && /\bRENAME\b/.test(text);
          const expected =
            /\bEXISTS\b/.test(text) || isNoChange ? expect.arrayContaining(changed) : changed;
          expect(named, `${charset} ${mode}: ${text}`).toEqual(expected);
        }
      }
      connection.destroy();
    }
    // Many are valid; what the server refuses is not in the binlog, and names nothing.
    expect(executed, JSON.stringify([...refused])).toBeGreaterThan(STATEMENTS * 30);
  },
);

/** The number of rows and the definition of every table, by `database.table`. */
async function tables(): Promise<Map<string, string>> {
  const [rows] = await administrator.query<RowDataPacket[]>(
    "SELECT TABLE_SCHEMA AS d, TABLE_NAME AS t FROM information_schema.TABLES WHERE TABLE_SCHEMA IN (?) AND TABLE_TYPE = 'BASE TABLE'",
    [DATABASES],
  );
  const found = new Map<string, string>();
  for (const { d, t } of rows as { d: string; t: string }[]) {
    const name = `${d}.\`${t.replaceAll("`", "``")}\``;
    const [created] = await administrator.query<RowDataPacket[]>(`SHOW CREATE TABLE ${name}`);
    const [content] = await administrator.query<RowDataPacket[]>(
      `SELECT COUNT(*) AS n FROM ${name}`,
    );
    found.set(`${d}.${t}`, `${content[0]?.["n"]} ${created[0]?.["Create Table"]}`);
  }
  return found;
}

/** Puts a row into every table without one, so that it is seen when the table is emptied. */
async function fillTables(): Promise<void> {
  for (const [name, description] of await tables()) {
    if (!description.startsWith("0 ")) continue;
    const [database = "", ...table] = name.split(".");
    const quoted = table.join(".").replaceAll("`", "``");
    await administrator.query(`INSERT INTO ${database}.\`${quoted}\` (id) VALUES (1)`);
  }
}

function difference(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): string[] {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].filter((name) => before.get(name) !== after.get(name)).toSorted();
}

/** The tables that the reader would name for the statements since the last call. */
async function namedTables(): Promise<Set<string>> {
  const named = new Set<string>();
  for (const event of await binlog.events()) {
    if (parseEventHeader(event).type !== EventType.QUERY_EVENT) continue;
    const query = QueryEvent.parse(event);
    const statement = readStatement(query);
    expect(["begin", "commit", "definition", "unrelated"]).toContain(statement.kind);
    if (statement.kind !== "definition") continue;
    for (const change of changesOf(statement, query, followed))
      if (change !== null) named.add(`${change.database}.${change.table}`);
  }
  return named;
}
