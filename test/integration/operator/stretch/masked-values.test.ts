import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Connection, createConnection, type RowDataPacket } from "mysql2/promise";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { ExplainedChange } from "../../../../operator/commands/explain/explained-change.ts";
import type { ReplayView } from "../../../../operator/commands/replay/describe.ts";
import { MaskedRun, PATIENCE } from "../../../support/masked-run.ts";

/**
 * Values that must not appear in any log, nor in any byte stored for a subscriber for which these
 * columns are hidden.
 */
const EMAIL = "ada.s3cret@hidden.example";
const PHONE = "+44-555-0101-2342";
const NOTE = "n0te 🦊 of Ada Lovelace";
const HIDDEN = [EMAIL, "555-0101", NOTE, JSON.stringify(NOTE).slice(1, -1)];
/** A value for a subscriber that gets these columns. The search must find it. */
const SHOWN = "grace@shown.example";

const COLUMNS = {
  exclude: ["*.*.note", "shop.people.NO?TE", 'shop.people.qu"o`te', "shop.contacts.numb?r"],
  mask: {
    "*.*.email": "hash",
    "*.*.phone": "last4",
    "shop.people.e-MAIL": "hash",
    "shop.contacts.address": "hash",
  },
} as const;
/** Both masked subscribers leave statements out, which may quote values. */
const CONFIG = {
  name: "shop",
  source: { tables: ["shop.*"] },
  environments: {
    production: { users: ["app_production"] },
    staging: { users: ["app_staging"] },
  },
  subscribers: {
    mailing: { tables: ["shop.*"], columns: COLUMNS, where: "active = TRUE", ddl: "none" },
    lake: { tables: ["shop.*"], columns: COLUMNS, format: "debezium", ddl: "none" },
    open: { tables: ["shop.*"], environments: ["production"] },
  },
};
const MASKED = ["mailing", "lake"];

let stack: MaskedRun;
beforeAll(async () => {
  stack = await MaskedRun.start({ config: CONFIG, masked: MASKED });
});
afterAll(() => stack[Symbol.asyncDispose]());

/** A place in the binlog that many commands can begin at. */
const BEGINNING = "--from mysql-bin.000001:4";
const HASH = /[0-9a-f]{64}/;

interface Explained {
  readonly changes: readonly ExplainedChange[];
}

interface Writers {
  readonly administrator: Connection;
  readonly staging: Connection;
  readonly production: Connection;
}

async function insertCustomer(writer: Connection, id: number, pad: string): Promise<void> {
  const row = [id, EMAIL, PHONE, NOTE, pad];
  await writer.query("INSERT INTO customers VALUES (?, ?, ?, ?, TRUE, ?)", row);
}

async function insertPerson(writer: Connection, id: number): Promise<void> {
  await writer.query("INSERT INTO people VALUES (?, ?, ?, ?, TRUE)", [id, EMAIL, NOTE, NOTE]);
}

/**
 * Writes the values to a table and to its statements, to columns whose names have dots, quotes and
 * capital letters, and to the copies that schema-change tools make.
 */
async function writeRows({ administrator, staging }: Writers): Promise<void> {
  await administrator.query(
    "CREATE TABLE shop.customers (id INT PRIMARY KEY, email VARCHAR(60), phone VARCHAR(30), note VARCHAR(60), active BOOL, pad MEDIUMTEXT) CHARSET utf8mb4",
  );
  await administrator.query("CREATE TABLE shop.ending (id INT PRIMARY KEY, active BOOL)");
  const definition =
    'id INT PRIMARY KEY, `E-Mail` VARCHAR(60), `no.te` VARCHAR(60), `Qu"o``te` VARCHAR(60), active BOOL';
  for (const table of ["people", "_people_gho", "__people_new"])
    await administrator.query(`CREATE TABLE shop.${table} (${definition}) CHARSET utf8mb4`);
  await insertCustomer(staging, 4, "");
  await staging.query("UPDATE customers SET active = FALSE WHERE id = 4");
  await staging.query("UPDATE customers SET active = TRUE, phone = NULL WHERE id = 4");
  await staging.query(`ALTER TABLE customers COMMENT ${staging.escape(`for ${EMAIL}`)}`);
  await staging.query(`ALTER TABLE customers ALTER COLUMN note SET DEFAULT '${NOTE}'`);
  await insertPerson(staging, 1);
  for (const copy of ["_people_gho", "__people_new"])
    await staging.query(`INSERT INTO ${copy} SELECT * FROM people`);
}

/**
 * Writes the values to a table that is renamed, with one of its columns. Returns a place behind the
 * statements, where a row follows: the names are known there from the reader's offset.
 */
async function writeRenamed({ administrator, staging }: Writers): Promise<string> {
  await administrator.query(
    "CREATE TABLE shop.contacts (id INT PRIMARY KEY, address VARCHAR(60), number VARCHAR(30), active BOOL) CHARSET utf8mb4",
  );
  const insert = (table: string, id: number) =>
    staging.query(`INSERT INTO ${table} VALUES (?, ?, ?, TRUE)`, [id, EMAIL, PHONE]);
  await insert("contacts", 1);
  await administrator.query("RENAME TABLE shop.contacts TO shop.partners");
  await administrator.query(
    "ALTER TABLE shop.partners RENAME COLUMN number TO line, RENAME TO shop.allies",
  );
  await insert("allies", 2);
  const place = await endOfBinlog(administrator);
  await insert("allies", 3);
  return place;
}

async function endOfBinlog(administrator: Connection): Promise<string> {
  const [files] = await administrator.query<RowDataPacket[]>("SHOW BINARY LOGS");
  const { Log_name: file, File_size: size } = files.at(-1) as RowDataPacket;
  return `--from ${file}:${size}`;
}

/** Waits until the renamed table's rows are delivered, and so what was written before them. */
async function delivered(): Promise<void> {
  await vi.waitFor(async () => {
    const explained = await stack.run("explain shop.allies");
    for (const subscriber of MASKED) {
      const lines = new RegExp(`${subscriber} .*\\(without line; masked: address\\)`, "g");
      expect(explained.match(lines)).toHaveLength(2);
    }
  }, PATIENCE);
}

/** Lets changes fail and be parked, and asks about them. */
async function failures({ staging }: Writers): Promise<void> {
  await using broken = await stack.brokenQueues();
  expect(broken.rules).toBe(MASKED.length);
  await insertCustomer(staging, 1, "");
  await insertCustomer(staging, 2, "x".repeat(1_300_000));
  await staging.query("UPDATE customers SET active = FALSE WHERE id = 1");
  const streams = await vi.waitFor(async () => {
    const parked = await stack.parked("staging");
    expect(new Set(parked.map(({ queue }) => queue)).size).toBe(MASKED.length);
    return parked.map(({ stream }) => stream);
  }, PATIENCE);
  await vi.waitFor(async () => {
    const explained = await stack.run("explain shop.customers");
    expect(explained).toContain("(as delete; without note; masked: email, phone)");
    expect(explained).toContain("(as insert; without note; masked: email)");
    expect(explained.match(/parked since/g)).toHaveLength(3 * MASKED.length);
  }, PATIENCE);
  const file = join(stack.directory, "export.jsonl");
  await Promise.all([
    stack.run(`failures export --output ${file}`),
    stack.run(`failures show ${streams[0]}`),
    stack.readPage(streams),
  ]);
  stack.printed.add(await readFile(file));
  // Parked messages are stored at this point, and searched too.
  const { masked } = await stack.stored();
  expect(masked.holding("shop-mailing-staging")).toBeGreaterThan(0);
  for (const hidden of HIDDEN) expect.soft(masked.holding(hidden), `parked: ${hidden}`).toBe(0);
}

const inStaging = (subscriber: string) => `--subscriber ${subscriber} --environment staging`;

/** Replays what a subscriber got in staging. Returns how many changes that are. */
async function replayed(subscriber: string, from: string): Promise<number> {
  const shown = await stack.run(`replay ${inStaging(subscriber)} ${from} --json`);
  return (JSON.parse(shown) as ReplayView).changes;
}

/** Follows what a subscriber got in staging, up to the last row. */
async function tailed(subscriber: string, from: string, format: string): Promise<void> {
  const line = `${inStaging(subscriber)} ${from} --format ${format}`;
  const shown = await stack.tail(line, /\bending\b/);
  expect(shown).toContain("allies");
  expect(shown).toMatch(HASH);
}

/** Reads what was written again, in every way. `behind`: see `writeRenamed`. */
async function readAgain(behind: string): Promise<void> {
  await stack.snapshot("mailing", "shop.customers,shop.allies");
  const [all, later] = await Promise.all([
    replayed("mailing", BEGINNING),
    replayed("lake", behind),
    tailed("mailing", BEGINNING, "text"),
    tailed("mailing", behind, "json"),
    tailed("lake", BEGINNING, "message"),
  ]);
  expect(later).toBeGreaterThan(1);
  expect(all).toBeGreaterThan(later);
}

/** Renames a hidden column, for which the subscribers wait, and asks about it. */
async function renamedColumn({ administrator, production }: Writers): Promise<void> {
  const place = await endOfBinlog(administrator);
  await administrator.query("ALTER TABLE shop.people RENAME COLUMN `E-Mail` TO contact");
  await insertPerson(production, 2);
  await production.query("INSERT INTO ending VALUES (2, TRUE)");
  const streams = await vi.waitFor(async () => {
    const parked = await stack.parked("production");
    expect(parked.map(({ reason }) => reason)).toEqual(MASKED.map(() => "fault"));
    return parked.map(({ stream }) => stream);
  }, PATIENCE);
  const chosen = `--environment production ${place}`;
  const [list, explained, refused] = await Promise.all([
    stack.run("failures list"),
    stack.run("explain shop.people 2 --json"),
    stack.ended(`replay --subscriber lake ${chosen} --dry-run`),
    stack.run(`failures show ${streams[0]}`),
    stack.tail(`--subscriber mailing ${chosen} --format text`, /\bending\b/),
    stack.readPage(streams),
  ]);
  expect(list).toContain("fault");
  const { changes } = JSON.parse(explained) as Explained;
  const fates = changes.flatMap(({ queues }) => queues).filter(({ kind }) => kind === "parked");
  expect(fates.map(({ subscriber }) => subscriber)).toEqual(MASKED);
  expect(refused).toMatchObject({ code: 2 });
  expect(refused.problem).toContain("HiddenColumnMissingError: shop.people has no column e-MAIL");
}

test("masked values are in no queue, payload, record, log, page or command's output of a run with failures, parking, dead letters, large rows, snapshots and replays", async () => {
  await using administrator = await createConnection(stack.stack.mysql);
  await using staging = await stack.as("staging");
  await using production = await stack.as("production");
  const writers = { administrator, staging, production };
  await writeRows(writers);
  const behind = await writeRenamed(writers);
  await delivered();
  await failures(writers);
  await stack.run("failures retry --all");
  await production.query("INSERT INTO customers VALUES (9, ?, '', '', TRUE, '')", [SHOWN]);
  await insertCustomer(staging, 3, "");
  await staging.query("UPDATE customers SET active = TRUE, phone = NULL WHERE id = 1");
  await staging.query("DELETE FROM customers WHERE id = 3");
  await staging.query("INSERT INTO ending VALUES (1, TRUE)");
  await readAgain(behind);
  await renamedColumn(writers);
  // The retry function runs every minute.
  await vi.waitFor(async () => expect(await stack.parked("staging")).toEqual([]), PATIENCE);
  await Promise.all(MASKED.map((subscriber) => stack.deadLetter(subscriber, "staging")));
  expect(await stack.readPage([])).toBeGreaterThan(10);

  const { masked, open } = await stack.stored();
  await stack.end();
  expect(masked.bytes).toBeGreaterThan(2_000_000);
  expect(stack.printed.bytes).toBeGreaterThan(2_000_000);
  for (const hidden of HIDDEN) {
    expect.soft(masked.holding(hidden), `stored: ${hidden}`).toBe(0);
    expect.soft(stack.printed.holding(hidden), `printed: ${hidden}`).toBe(0);
  }
  // The same search finds values that are not hidden.
  expect(masked.holding("****2342")).toBeGreaterThan(0);
  expect(open.holding(SHOWN)).toBeGreaterThan(0);
  expect(masked.holding(SHOWN)).toBe(0);
}, 600_000);
