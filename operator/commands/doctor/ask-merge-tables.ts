import type { Connection } from "mysql2/promise";
import { quoteName } from "../../../reader/source/quote-name.ts";
import type { TableName } from "./ask-statement-ways.ts";
import { rowsOf } from "./rows.ts";

/** A table with ENGINE=MERGE, and the MyISAM tables that keep its rows. */
export interface MergeTable extends TableName {
  readonly beneath: readonly TableName[];
}

/** A MERGE table whose definition the server does not show; `why` is MySQL's error. */
export interface HiddenMergeTable extends TableName {
  readonly why: string;
}

export interface MergeTables {
  readonly shown: readonly MergeTable[];
  readonly hidden: readonly HiddenMergeTable[];
}

const MERGE_TABLES = `SELECT table_schema AS db, table_name AS tab FROM information_schema.tables
  WHERE engine = 'MRG_MYISAM' ORDER BY table_schema, table_name`;

/** The last line of a MERGE table's definition begins with this. */
const OPTIONS = "\n) ENGINE=MRG_MyISAM";
/**
 * The list of tables among the options: names in backticks, with their database if it differs. The
 * texts of other options, like the comment, are in quotes.
 */
const UNION = /^(?:[^'`]|'(?:[^'\\]|\\.)*')*?\bUNION=\(((?:`(?:[^`]|``)+`[.,]?)+)\)/is;
const NAME = /`((?:[^`]|``)+)`(?:\.`((?:[^`]|``)+)`)?/g;
/**
 * MySQL's error for a MERGE table whose tables differ from it, or do not exist. Nothing is written
 * through such a table.
 */
const ER_WRONG_MRG_TABLE = 1168;

/** Queries the MERGE tables that the account may see. Names must be printed in backticks. */
export async function askMergeTables(connection: Connection): Promise<MergeTables> {
  const shown: MergeTable[] = [];
  const hidden: HiddenMergeTable[] = [];
  for (const row of await rowsOf(connection, MERGE_TABLES)) {
    const [database, table] = [String(row["db"]), String(row["tab"])];
    try {
      const definition = await definitionOf(connection, database, table);
      shown.push({ database, table, beneath: tablesBeneath(definition, database) });
    } catch (error) {
      if (!isAnswer(error)) throw error;
      if (error.errno !== ER_WRONG_MRG_TABLE) hidden.push({ database, table, why: error.message });
    }
  }
  return { shown, hidden };
}

/** The tables in a MERGE table's definition, as SHOW CREATE TABLE prints it. */
export function tablesBeneath(definition: string, database: string): TableName[] {
  const options = definition.slice(definition.lastIndexOf(OPTIONS) + OPTIONS.length);
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
): Promise<string> {
  const name = `${quoteName(database)}.${quoteName(table)}`;
  const [row] = await rowsOf(connection, `SHOW CREATE TABLE ${name}`);
  return String(row?.["Create Table"] ?? "");
}

/** Whether MySQL answered a query with an error; a lost connection is none. */
function isAnswer(error: unknown): error is Error & { readonly errno: unknown } {
  return error instanceof Error && "errno" in error && "sqlState" in error;
}
