import { z } from "zod";
import { parseColumnPattern } from "../wire/column-patterns.ts";
import { isTablePattern } from "../wire/table-patterns.ts";
import { ConditionError } from "./condition/lexer.ts";
import { parseCondition } from "./condition/parse-condition.ts";

/**
 * How a column's values are made unreadable, the strictest first: where patterns overlap, the
 * strictest counts.
 */
export const MASKS = ["null", "hash", "last4"] as const;

export type Mask = (typeof MASKS)[number];

const columnPattern = z
  .string()
  .refine(
    (text) => parseColumnPattern(text) !== null,
    'must be a column pattern: "database.table.column", "*" allowed',
  );

/** Which columns of its rows a subscriber gets, and which of them masked. */
export const columns = z.strictObject({
  /** Of the tables that it names: these columns and no others. */
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

/** Which rows a subscriber wants: a condition for all its tables, or one for each table pattern. */
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
 * What an update is by which a row begins or ceases to meet `where`: a create or a delete
 * (default), or the update that it is.
 */
export const whereCrossing = z.enum(["create-delete", "update"]).optional();

export type WhereCrossing = NonNullable<z.output<typeof whereCrossing>>;

interface Filtered {
  readonly columns?: unknown;
  readonly where?: unknown;
}

/** Whether a subscriber gets less than the rows of its tables. */
export function isFiltered(subscriber: Filtered): boolean {
  return hasColumns(subscriber) || subscriber.where !== undefined;
}

/** Whether it gets less than whole rows. */
export function hasColumns(subscriber: Filtered): boolean {
  return subscriber.columns !== undefined;
}
