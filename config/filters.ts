import * as z from "zod";
import { parseColumnPattern } from "../wire/column-patterns.ts";
import { isTablePattern } from "../wire/table-patterns.ts";
import { ConditionError } from "./condition/lexer.ts";
import { parseCondition } from "./condition/parse-condition.ts";

/**
 * The masks of a column's values, the strictest first. If several patterns match a column, the
 * strictest mask applies.
 */
export const MASKS = ["null", "hash", "last4"] as const;

export type Mask = (typeof MASKS)[number];

const columnPattern = z
  .string()
  .refine(
    (text) => parseColumnPattern(text) !== null,
    'must be a column pattern: "database.table.column", "*" allowed',
  );

/** Which columns a subscriber gets, and which of them are masked. */
export const columns = z.strictObject({
  /** In the tables that these patterns name, the subscriber gets only these columns. */
  include: z.array(columnPattern).min(1, "must list at least one column pattern").optional(),
  exclude: z.array(columnPattern).default([]),
  mask: z.record(columnPattern, z.enum(MASKS)).default({}),
});

const condition = z.string().superRefine((text, context) => {
  try {
    parseCondition(text);
  } catch (error) {
    if (!(error instanceof ConditionError)) throw error;
    context.addIssue({ code: "custom", message: `is not a condition: ${error.message}` });
  }
});

/** Which rows a subscriber gets: a condition for all its tables, or one for each table pattern. */
export const where = z.union([
  condition,
  z
    .record(
      z
        .string()
        .refine(
          (pattern) => isTablePattern(pattern) && !pattern.startsWith("!"),
          'must be a table pattern: "database.table", "*" allowed',
        ),
      condition,
    )
    .refine((conditions) => Object.keys(conditions).length > 0, "must not be empty"),
]);

/**
 * How an update is delivered that makes a row begin or cease to meet `where`: as a create or a
 * delete (default), or as an update.
 */
export const whereCrossing = z.enum(["create-delete", "update"]).optional();

export type WhereCrossing = NonNullable<z.output<typeof whereCrossing>>;

interface Filtered {
  readonly columns?: unknown;
  readonly where?: unknown;
}

/** Whether a subscriber's rows or columns are filtered. */
export function isFiltered(subscriber: Filtered): boolean {
  return hasColumns(subscriber) || subscriber.where !== undefined;
}

/** Whether a subscriber's columns are filtered. */
export function hasColumns(subscriber: Filtered): boolean {
  return subscriber.columns !== undefined;
}
