import { xaStatement } from "../binlog-format/events/control-events.ts";

/** What a Query event of the binlog means for the transaction it stands in. */
export type StatementKind =
  | { readonly kind: "begin" }
  | { readonly kind: "commit" }
  | { readonly kind: "rollback" }
  | { readonly kind: "savepoint" }
  | { readonly kind: "rollback-to-savepoint" }
  | { readonly kind: "xa"; readonly verb: string; readonly xid: string }
  /** Rows changed in statement format: which rows cannot be known from here. */
  | { readonly kind: "statement-rows" }
  | { readonly kind: "definition" };

const ROW_STATEMENTS = /^(INSERT|UPDATE|DELETE|REPLACE|LOAD|WITH|CALL|DO|SELECT)\b/i;

/** Reads the kind from the text that the server wrote; comments before the first word are passed over. */
export function statementKind(sql: string): StatementKind {
  switch (sql) {
    case "BEGIN":
      return { kind: "begin" };
    case "COMMIT":
      return { kind: "commit" };
    case "ROLLBACK":
      return { kind: "rollback" };
    default:
      return longStatementKind(withoutLeadingComments(sql));
  }
}

function longStatementKind(sql: string): StatementKind {
  const xa = xaStatement(sql);
  if (xa !== null) return { kind: "xa", ...xa };
  if (/^SAVEPOINT\b/i.test(sql)) return { kind: "savepoint" };
  if (/^ROLLBACK\s+TO\b/i.test(sql)) return { kind: "rollback-to-savepoint" };
  if (ROW_STATEMENTS.test(sql)) return { kind: "statement-rows" };
  return { kind: "definition" };
}

function withoutLeadingComments(sql: string): string {
  return sql.replace(/^(?:\s+|\/\*(?!!)[\s\S]*?\*\/|--\s[^\n]*(?:\n|$)|#[^\n]*(?:\n|$))+/, "");
}
