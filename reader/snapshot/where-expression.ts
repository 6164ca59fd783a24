import { SnapshotRefusedError } from "./errors.ts";

/**
 * Words that a condition on a row must not contain: they read other tables, wait, lock or write.
 */
const FORBIDDEN: ReadonlySet<string> = new Set([
  "select",
  "table",
  "values",
  "with",
  "union",
  "into",
  "procedure",
  "sleep",
  "benchmark",
  "get_lock",
  "release_lock",
  "release_all_locks",
  "is_free_lock",
  "is_used_lock",
  "load_file",
  "master_pos_wait",
  "source_pos_wait",
  "wait_for_executed_gtid_set",
]);

const TOKENS =
  /'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|`(?:[^`]|``)*`|[A-Za-z_$\u0080-\uffff][\w$\u0080-\uffff]*|--|\/\*|[\s\S]/gu;

/**
 * Throws SnapshotRefusedError unless the text is one expression on the columns of a row. This is a
 * second safeguard: the session is read-only, and the server ends a statement that takes too long.
 */
export function assertOneExpression(where: string): void {
  let depth = 0;
  for (const [token] of where.matchAll(TOKENS)) {
    if (token === "(") depth++;
    if (token === ")") depth--;
    if (depth < 0) throw refused("a parenthesis is closed that was not opened");
    if (["'", '"', "`"].includes(token)) throw refused("a quote is not closed");
    if ([";", "--", "/*", "#", "?", "@", "\0"].includes(token))
      throw refused(`${JSON.stringify(token)} is outside quotes`);
    if (FORBIDDEN.has(token.toLowerCase()))
      throw refused(`it contains the word ${token.toUpperCase()}`);
  }
  if (depth > 0) throw refused("a parenthesis is not closed");
  if (where.trim() === "") throw refused("it is empty");
}

function refused(why: string): SnapshotRefusedError {
  return new SnapshotRefusedError(
    `--where must be one expression on the columns of a row: ${why}. Write the condition that follows WHERE in a SELECT, without a subquery.`,
  );
}
