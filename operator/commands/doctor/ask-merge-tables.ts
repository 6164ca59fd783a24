import type { Connection, RowDataPacket } from "mysql2/promise";
import type { TableName } from "./ask-statement-ways.ts";
import { rowsOf } from "./rows.ts";

/** A table with ENGINE=MERGE, and the MyISAM tables that keep its rows. */
export interface MergeTable extends TableName {
  readonly beneath: readonly TableName[];
}

const MERGE_TABLES = `SELECT table_schema AS db, table_name AS tab FROM information_schema.tables
  WHERE engine = 'MRG_MYISAM' ORDER BY table_schema, table_name`;

/**
 * In the last line of a MERGE table's definition, which ends with the table's comment: names in
 * backticks, with their database if it differs.
 */
const UNION = /^\) ENGINE=MRG_MyISAM [^']*?UNION=\(((?:`(?:[^`]|``)+`[.,]?)+)\)/i;
const NAME = /`((?:[^`]|``)+)`(?:\.`((?:[^`]|``)+)`)?/g;
/**
 * MySQL's errors for a MERGE table whose tables differ from it, or do not exist, and for a table
 * that was dropped meanwhile. Nothing is written through such a table.
 */
const UNUSABLE: ReadonlySet<unknown> = new Set([1168, 1146]);

/** Queries the MERGE tables that the account may see. */
export async function askMergeTables(connection: Connection): Promise<MergeTable[]> {
  const found: MergeTable[] = [];
  for (const row of await rowsOf(connection, MERGE_TABLES)) {
    const [database, table] = [String(row["db"]), String(row["tab"])];
    const definition = await definitionOf(connection, database, table);
    if (definition !== null)
      found.push({ database, table, beneath: tablesBeneath(definition, database) });
  }
  return found;
}

/** The tables in a MERGE table's definition, as SHOW CREATE TABLE prints it. */
export function tablesBeneath(definition: string, database: string): TableName[] {
  const options = definition.slice(definition.lastIndexOf("\n") + 1);
  const [, list = ""] = UNION.exec(options) ?? [];
  return [...list.matchAll(NAME)].map(([, first = "", second]) =>
    second === undefined
      ? { database, table: plain(first) }
      : { database: plain(first), table: plain(second) },
  );
}

function plain(quoted: string): string {
  return quoted.replaceAll("``", "`");
}

async function definitionOf(
  connection: Connection,
  database: string,
  table: string,
): Promise<string | null> {
  try {
    const [rows] = await connection.query<RowDataPacket[]>("SHOW CREATE TABLE ??.??", [
      database,
      table,
    ]);
    return String(rows[0]?.["Create Table"] ?? "");
  } catch (error) {
    if (error instanceof Error && "errno" in error && UNUSABLE.has(error.errno)) return null;
    throw error;
  }
}
