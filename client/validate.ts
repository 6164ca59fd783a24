import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Change } from "./change.ts";
import { RowValidationError, type RowIssue } from "./errors.ts";

/** Validators by `database.table`. */
export type Schemas = Readonly<Record<string, StandardSchemaV1>>;

/** The changes, each as `validateChange` returns it. Throws RowValidationError. */
export async function validateAll(changes: readonly Change[], schemas: Schemas): Promise<Change[]> {
  const valid: Change[] = [];
  for (const change of changes) valid.push(await validateChange(change, schemas));
  return valid;
}

/**
 * The change with its row images as the table's validator returns them; unchanged when the table
 * has no validator. Throws RowValidationError.
 */
export async function validateChange(change: Change, schemas: Schemas): Promise<Change> {
  const schema = schemas[change.table];
  if (schema === undefined) return change;
  const before = await validateRow(change, change.before, schema);
  const after = await validateRow(change, change.after, schema);
  return { ...change, before, after };
}

type Row = Change["before"];

async function validateRow(change: Change, row: Row, schema: StandardSchemaV1): Promise<Row> {
  if (row === null) return null;
  const result = await schema["~standard"].validate(row);
  if (result.issues !== undefined) {
    throw new RowValidationError(change.id, change.table, result.issues.map(toRowIssue));
  }
  return result.value as Row;
}

function toRowIssue(issue: StandardSchemaV1.Issue): RowIssue {
  const path = issue.path?.map((part) => String(typeof part === "object" ? part.key : part)) ?? [];
  return { message: issue.message, path };
}
