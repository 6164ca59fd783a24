import { SeededRandom } from "@binlog-router/local-aws/seeded-random";
import type { Connection, RowDataPacket } from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseEventHeader } from "../../../reader/binlog-format/events/event-header.ts";
import { EventType } from "../../../reader/binlog-format/events/event-types.ts";
import { changesOf } from "../../../reader/statements/definition-changes.ts";
import { FollowedTables } from "../../../reader/statements/followed-tables.ts";
import { QueryEvent } from "../../../reader/statements/query-event.ts";
import { isSafeToPass } from "../../../reader/statements/safe-to-pass.ts";
import { readStatement } from "../../../reader/statements/statement.ts";
import { BinlogFile } from "../../support/binlog-changes.ts";
import { useMysql } from "../../support/mysql.ts";
import {
  CONTENTS,
  HIDDEN,
  RandomRowStatements,
  REFILL,
  REFUSED,
  SETUP,
  SOURCE_TABLES,
  STATEMENT_TABLES,
} from "../../support/random-row-statements.ts";
import { styleOf } from "../../support/random-sql.ts";
import { DATABASES, RandomStatements } from "../../support/random-statements.ts";
import { ByteSession, clientCharsets, encoded } from "../../support/statement-bytes.ts";

// Random statements in every session character set and in the SQL modes that change the parsing of
// a statement. The tables that the reader names must be those that the server changed. The reader
// must stop at statements in statement format that change followed tables. STATEMENTS=n runs n
// statements for each character set and mode; SEED repeats a run.

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
  `readStatement finds the tables that a random statement changes (SEED=${SEED})`,
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
        const style = styleOf(mode);
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
          // to the same name.
          const isNoChange = changed.length === 0 && named.length === 1 && /\bRENAME\b/.test(text);
          const expected =
            /\bEXISTS\b/.test(text) || isNoChange ? expect.arrayContaining(changed) : changed;
          expect(named, `${charset} ${mode}: ${text}`).toEqual(expected);
        }
      }
      connection.destroy();
    }
    // Enough statements are valid. Those that the server refuses are not in the binlog.
    expect(executed, JSON.stringify([...refused])).toBeGreaterThan(STATEMENTS * 30);
  },
);

describe("in statement format", () => {
  const followedRows = new FollowedTables({
    patterns: SOURCE_TABLES,
    statementTables: STATEMENT_TABLES,
    ledger: "ledger.table",
    lowerCase: false,
  });
  let refilling: Connection;

  beforeAll(async () => {
    refilling = await mysql.connect(undefined, { multipleStatements: true });
    for (const statement of SETUP) await refilling.query(statement);
  });

  /**
   * Whether the events that `run` writes change followed tables, and whether they stop the reader.
   */
  async function effectOf(run: () => Promise<void>): Promise<{ changes: boolean; stops: boolean }> {
    await refilling.query(REFILL.join(";"));
    const before = await contents();
    await binlog.events();
    await run();
    const stops = stopsReader(await binlog.events(), followedRows);
    return { changes: (await contents()) !== before, stops };
  }

  test.each(HIDDEN)("%s changes a followed table and stops the reader", async (statement) => {
    const session = await statementSession();
    const run = async (): Promise<void> => {
      await session.run(statement);
    };
    expect(await effectOf(run)).toEqual({ changes: true, stops: true });
  });

  test.each(REFUSED)("MySQL refuses %s", async (statement) => {
    const session = await statementSession();
    await expect(session.run(statement)).rejects.toMatchObject({
      code: "ER_CANT_UPDATE_TABLE_IN_CREATE_TABLE_SELECT",
    });
  });

  test("the reader distinguishes a TRUNCATE TABLE of a temporary table from others", async () => {
    const session = await statementSession();
    await session.run("USE tools");
    await session.run("CREATE TEMPORARY TABLE temporary_table (id INT)");
    const bases = ["", "PARTITION BY HASH (id) PARTITIONS 2", "ENGINE=MyISAM", "ENGINE=MEMORY"];
    for (const [i, options] of bases.entries())
      await session.run(`CREATE TABLE base_${i} (id INT) ${options}`);
    const truncates = bases.map((_, i) => `TRUNCATE TABLE base_${i}`);
    // Within a procedure, the mark of the first statement also applies to the others.
    await session.run(
      `CREATE PROCEDURE emptying() BEGIN INSERT INTO temporary_table VALUES (1); ${truncates.join("; ")}; TRUNCATE TABLE temporary_table; END`,
    );
    await binlog.events();
    for (const truncate of truncates) await session.run(truncate);
    await session.run("CALL emptying()");
    const found = (await binlog.events())
      .filter((event) => parseEventHeader(event).type === EventType.QUERY_EVENT)
      .map((event) => QueryEvent.parse(event))
      .filter((query) => query.text.includes("TRUNCATE"))
      .map((query) => `${String(query.text)}: ${String(query.mayEmptyTemporaryTable)}`);
    expect(found).toEqual([
      ...[...truncates, ...truncates].map((truncate) => `${truncate}: false`),
      "TRUNCATE TABLE temporary_table: true",
    ]);
  });

  test(
    `a random statement that changed a followed table stops the reader (SEED=${SEED})`,
    { timeout: 3_600_000 },
    async () => {
      const random = new SeededRandom(SEED);
      const statements = new RandomRowStatements(random);
      const counts = { changed: 0, stopped: 0, passed: 0, refused: 0 };
      for (const charset of await clientCharsets(administrator)) {
        const session = await statementSession();
        for (let i = 0; i < STATEMENTS; i++) {
          const mode = random.pick(MODES);
          await session.speaks(charset, mode);
          const database = random.pick(["shop", "tools"]);
          await session.run(`USE ${database}`);
          const { text, passes, locked } = statements.next(styleOf(mode), database);
          const bytes = await encoded(administrator, charset, text);
          if (bytes === null) continue;
          let isRefused = false;
          const { changes, stops } = await effectOf(async () => {
            try {
              if (locked !== null) await session.run(`LOCK TABLES ${locked} WRITE`);
              await session.run(bytes);
            } catch {
              isRefused = true;
            }
            if (locked !== null) await session.run("UNLOCK TABLES");
          });
          if (isRefused) counts.refused++;
          else if (stops) counts.stopped++;
          else counts.passed++;
          if (changes) counts.changed++;
          const about = `${charset} ${mode} ${database}: ${text}`;
          if (changes) expect(stops, about).toBe(true);
          if (passes) expect(stops, about).toBe(false);
        }
      }
      if (STATEMENTS > 2) console.log(counts);
      expect(counts.changed, JSON.stringify(counts)).toBeGreaterThan(STATEMENTS);
      expect(counts.passed, JSON.stringify(counts)).toBeGreaterThan(STATEMENTS);
    },
  );
});

async function contents(): Promise<string> {
  const [rows] = await administrator.query(CONTENTS);
  return JSON.stringify(rows);
}

async function statementSession(): Promise<ByteSession> {
  const connection = await mysql.connect();
  await connection.query("SET SESSION binlog_format = 'STATEMENT'");
  return new ByteSession(connection, "1\n2\n7\n");
}

/** Whether the reader would stop at one of these events. */
function stopsReader(events: readonly Buffer[], source: FollowedTables): boolean {
  return events.some((event) => {
    const { type } = parseEventHeader(event);
    const isLoad = type === EventType.EXECUTE_LOAD_QUERY_EVENT;
    if (!isLoad && type !== EventType.QUERY_EVENT) return false;
    const query = isLoad ? QueryEvent.parseLoad(event) : QueryEvent.parse(event);
    const statement = readStatement(query);
    if (statement.kind === "unknown") return true;
    return statement.kind === "rows" && !isSafeToPass(statement.verb, query, source);
  });
}

/** The number of rows, their ids and the definition of every table, by `database.table`. */
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
      `SELECT CONCAT(COUNT(*), ' ', COALESCE(SUM(id), 0)) AS n FROM ${name}`,
    );
    found.set(`${d}.${t}`, `${content[0]?.["n"]} ${created[0]?.["Create Table"]}`);
  }
  return found;
}

let lastId = 0;

/**
 * Inserts a row into every empty table, so that emptying it is visible. Each row has an id of its
 * own, so that another table of the same definition in its place is visible, too.
 */
async function fillTables(): Promise<void> {
  for (const [name, description] of await tables()) {
    if (!description.startsWith("0 ")) continue;
    const [database = "", ...table] = name.split(".");
    const quoted = table.join(".").replaceAll("`", "``");
    await administrator.query(`INSERT INTO ${database}.\`${quoted}\` (id) VALUES (${++lastId})`);
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
