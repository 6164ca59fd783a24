import * as z from "zod";
import { isTablePattern } from "../wire/table-patterns.ts";

/** The values that several keys of the configuration have. */

export const text = z.string().min(1, "must not be empty");

/** Whether a list has no value twice. */
export function isDistinct(values: readonly unknown[]): boolean {
  return new Set(values).size === values.length;
}

export const tablePattern = z
  .string()
  .refine(isTablePattern, 'must be a table pattern: "database.table", "*" allowed, "!" excludes');

export const tablePatterns = z
  .array(tablePattern)
  .min(1, "must list at least one table pattern")
  .refine(
    (patterns) => patterns.length === 0 || patterns.some((pattern) => !pattern.startsWith("!")),
    'only leaves tables out, so it chooses none; add a pattern without "!"',
  );

export const principals = z.array(
  z.string().regex(
    // SQS refuses patterns here.
    /^arn:aws[a-z-]*:iam::\d{12}:(role|user)\/[\w+=,.@/-]+$/,
    'must be the ARN of an IAM role or user, "arn:aws:iam::<account>:role/<name>", without a pattern',
  ),
);

export const keyArn = z
  .string()
  .regex(
    /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/(mrk-[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/,
    'must be the ARN of a KMS key, "arn:aws:kms:<region>:<account>:key/<id>"',
  );

export const secretArn = z
  .string()
  .regex(
    /^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:.+-[A-Za-z0-9]{6}$/,
    "must be the complete ARN of a Secrets Manager secret, with its six random characters",
  );
