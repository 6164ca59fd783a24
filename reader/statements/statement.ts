import { xaStatement } from "../binlog-format/events/control-events.ts";
import type { QueryEvent } from "./query-event.ts";
import type { NameChange } from "./altered-tables.ts";
import { StatementCursor, type TableName } from "./statement-cursor.ts";
import { tableDefinitions } from "./table-definitions.ts";

/** The effect of a statement in the binlog on its transaction and on tables. */
export type Statement =
  | { readonly kind: "begin" }
  | { readonly kind: "commit" }
  | { readonly kind: "rollback" }
  | { readonly kind: "savepoint" }
  | { readonly kind: "rollback-to-savepoint" }
  | { readonly kind: "xa"; readonly verb: string; readonly xid: string }
  /**
   * It defines, renames or drops tables (`ddl`), or empties one (`t`). `database`: a database that
   * it drops with all its tables.
   */
  | {
      readonly kind: "definition";
      readonly op: "ddl" | "t";
      readonly tables: readonly TableName[];
      readonly names?: readonly NameChange[];
      readonly database?: string;
    }
  /** It may change rows, and was logged in statement format, so the rows are unknown. */
  | { readonly kind: "rows"; readonly verb: string }
  /** It concerns neither rows nor tables. */
  | { readonly kind: "unrelated" }
  /** `verb`: the first word in capitals; "" when the statement does not begin with a word. */
  | { readonly kind: "unknown"; readonly verb: string };

/** Statements that change rows, if they are logged. */
const ROWS: ReadonlySet<string> = new Set([
  "INSERT",
  "UPDATE",
  "DELETE",
  "REPLACE",
  "LOAD",
  "WITH",
  "CALL",
  "DO",
  "SELECT",
  "TABLE",
  "VALUES",
]);

/**
 * Statements about accounts, plugins and storage. ANALYZE, OPTIMIZE and REPAIR do not change a
 * table's rows and columns.
 */
const UNRELATED: ReadonlySet<string> = new Set([
  "ANALYZE",
  "OPTIMIZE",
  "REPAIR",
  "FLUSH",
  "GRANT",
  "REVOKE",
  "INSTALL",
  "UNINSTALL",
]);

/** Enough bytes for the longest `XA` statement, with two parts of 64 bytes in hexadecimal. */
const XA_LENGTH = 512;

const BEGIN = { kind: "begin" } as const;
const COMMIT = { kind: "commit" } as const;
const UNRELATED_STATEMENT = { kind: "unrelated" } as const;
const BEGIN_TEXT = Buffer.from("BEGIN");
const COMMIT_TEXT = Buffer.from("COMMIT");

/** Reads as much of a statement as its kind requires. */
export function readStatement(query: QueryEvent): Statement {
  if (query.text.equals(BEGIN_TEXT)) return BEGIN;
  if (query.text.equals(COMMIT_TEXT)) return COMMIT;
  const statement = new StatementCursor(query.text, query.dialect);
  const verb = statement.keyword();
  // A statement may consist of comments only.
  if (verb === null) return statement.atEnd ? UNRELATED_STATEMENT : { kind: "unknown", verb: "" };
  if (ROWS.has(verb)) return { kind: "rows", verb };
  if (UNRELATED.has(verb)) return UNRELATED_STATEMENT;
  statement.skip();
  switch (verb) {
    case "ROLLBACK":
      statement.takes("WORK");
      return { kind: statement.isAt("TO") ? "rollback-to-savepoint" : "rollback" };
    case "SAVEPOINT":
    case "RELEASE":
      return { kind: "savepoint" };
    case "BEGIN":
    case "START":
      return BEGIN;
    case "COMMIT":
      return COMMIT;
    case "XA":
      return xa(query.text);
    case "SET":
      return statement.isAt("PASSWORD", "DEFAULT")
        ? UNRELATED_STATEMENT
        : { kind: "unknown", verb };
    default:
      return definition(verb, statement);
  }
}

function xa(text: Buffer): Statement {
  const statement = xaStatement(text.toString("latin1", 0, XA_LENGTH));
  return statement === null ? { kind: "unknown", verb: "XA" } : { kind: "xa", ...statement };
}

function definition(verb: string, statement: StatementCursor): Statement {
  const definitions = tableDefinitions(verb, statement);
  if (definitions === undefined) return UNRELATED_STATEMENT;
  if (definitions === null) return { kind: "unknown", verb };
  const { fills = false, ...rest } = definitions;
  return fills ? { kind: "rows", verb } : { kind: "definition", ...rest };
}
