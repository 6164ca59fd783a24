import type { Connection, RowDataPacket } from "mysql2/promise";
import { tableMatcher } from "../../wire/table-patterns.ts";
import type { FollowedTables } from "../statements/followed-tables.ts";
import { UnsupportedEventError } from "../binlog-format/errors.ts";
import { quoteName } from "../source/quote-name.ts";
import { type DescribedTable, describeTable } from "./describe-table.ts";
import { SnapshotRefusedError } from "./errors.ts";
import { TableKey } from "./table-key.ts";
import { assertOneExpression } from "./where-expression.ts";

const TABLES = `SELECT TABLE_SCHEMA AS db, TABLE_NAME AS name FROM information_schema.TABLES
  WHERE TABLE_TYPE = 'BASE TABLE' AND TABLE_SCHEMA NOT IN ('mysql', 'sys', 'performance_schema', 'information_schema')`;

/** The tables of the server that an order selects. */
export interface FoundTables {
  /** `database.table` each. */
  readonly tables: readonly string[];
  /** The sum of the server's estimates. */
  readonly estimatedRows: number;
}

/**
 * Finds the tables that match the patterns and whose changes are delivered. Throws
 * SnapshotRefusedError when there are none or one of them cannot be read.
 */
export async function findTables(
  connection: Connection,
  followed: FollowedTables,
  patterns: readonly string[],
  where: string | undefined,
): Promise<FoundTables> {
  if (where !== undefined) assertOneExpression(where);
  const matches = tableMatcher(patterns.map((pattern) => followed.nameOf(pattern)));
  const [rows] = await connection.query<RowDataPacket[]>(TABLES);
  const names = rows
    .map((row) => ({ database: String(row["db"]), table: String(row["name"]) }))
    .filter(({ database, table }) => {
      const [db, name] = [followed.nameOf(database), followed.nameOf(table)];
      return matches(db, name) && followed.isDelivered(db, name);
    })
    .sort((a, b) => (fullName(a) < fullName(b) ? -1 : 1));
  if (names.length === 0) {
    throw new SnapshotRefusedError(
      `No table matches ${patterns.join(", ")} among those that the reader's account may read and whose changes are delivered. Check the names and source.tables, and grant SELECT on the tables to the reader's account.`,
    );
  }
  let estimatedRows = 0;
  for (const name of names)
    estimatedRows += (await assertReadable(connection, name, where)).estimatedRows;
  return { tables: names.map(fullName), estimatedRows };
}

/** Describes a table. Throws SnapshotRefusedError when it cannot be read in the order of a key. */
export async function assertReadable(
  connection: Connection,
  name: TableName,
  where: string | undefined,
): Promise<DescribedTable & { readonly key: NonNullable<DescribedTable["key"]> }> {
  const { database, table } = name;
  if (database.includes(".")) {
    throw new SnapshotRefusedError(
      `${fullName(name)} cannot be read: the name of its database has a dot. Leave the table out.`,
    );
  }
  const described = await describe(connection, name);
  if (described === null) {
    throw new SnapshotRefusedError(
      `${fullName(name)} does not exist, or the reader's account may not read it. Create the table, or run GRANT SELECT ON ${quoteName(database)}.${quoteName(table)} for the reader's account.`,
    );
  }
  const { key } = described;
  if (key === null) {
    throw new SnapshotRefusedError(
      `${fullName(name)} has no key by which its rows can be read in order. Give it a primary key, or a unique key of whole columns that are NOT NULL and not virtual.`,
    );
  }
  await assertStatement(
    connection,
    `SELECT * FROM ${quoteName(database)}.${quoteName(table)} LIMIT 0`,
    `The reader's account may not read all columns of ${fullName(name)}. Run GRANT SELECT ON ${quoteName(database)}.${quoteName(table)} for it.`,
  );
  if (where !== undefined) {
    await assertStatement(
      connection,
      `SELECT 1 FROM ${quoteName(database)}.${quoteName(table)} WHERE (${where}) LIMIT 0`,
      `MySQL rejects --where for ${fullName(name)}. Use only columns of the table, and MySQL's syntax.`,
    );
  }
  return { ...described, key };
}

/** The two parts of a table's name. */
export interface TableName {
  readonly database: string;
  readonly table: string;
}

/** `database.table`. */
export function fullName({ database, table }: TableName): string {
  return `${database}.${table}`;
}

/**
 * Parses a result of `fullName`. It splits at the first dot: `assertReadable` refuses a database
 * with a dot in its name.
 */
export function parseName(name: string): TableName {
  const dot = name.indexOf(".");
  return { database: name.slice(0, dot), table: name.slice(dot + 1) };
}

async function describe(
  connection: Connection,
  { database, table }: TableName,
): Promise<DescribedTable | null> {
  try {
    const described = await describeTable(connection, database, table);
    // Throws for a key whose order is unknown.
    if (described?.key != null) void new TableKey(described, described.key);
    return described;
  } catch (cause) {
    if (!(cause instanceof UnsupportedEventError)) throw cause;
    throw new SnapshotRefusedError(
      `${database}.${table} cannot be read: ${cause.message}. Leave the table out.`,
      { cause },
    );
  }
}

/** MySQL's error numbers for statements with wrong names, wrong syntax or missing privileges. */
const REFUSALS: ReadonlySet<number> = new Set([
  1044, 1054, 1064, 1142, 1143, 1146, 1305, 1370, 1582, 1583, 1111, 1235, 1267, 1271, 3554,
]);

async function assertStatement(
  connection: Connection,
  sql: string,
  otherwise: string,
): Promise<void> {
  try {
    await connection.query(sql);
  } catch (cause) {
    const { errno, code } = cause as { readonly errno?: number; readonly code?: string };
    if (errno === undefined || !REFUSALS.has(errno)) throw cause;
    throw new SnapshotRefusedError(`${otherwise} (${code ?? errno})`, { cause });
  }
}
