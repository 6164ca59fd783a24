import * as z from "zod";
import { isDistinct, text } from "./schema-values.ts";

const emails = z
  .array(z.email("must be an e-mail address"))
  .refine(isDistinct, "must list each address once")
  .default([]);

/** Settings that replace the source's for the alarms of one environment's queues. */
export const environmentAlarms = z.strictObject({
  /**
   * Replaces `alarms.queueAgeSeconds`; `off` for an environment whose applications are often
   * switched off.
   */
  queueAgeSeconds: z.union([z.int().min(1), z.literal("off")]).optional(),
  /**
   * The SNS topic that gets these alarms instead of the source's. Its policy must allow CloudWatch
   * to publish.
   */
  topicArn: z
    .string()
    .regex(
      /^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]+$/,
      'must be the ARN of an SNS topic, "arn:aws:sns:<region>:<account>:<name>"',
    )
    .optional(),
});

export const alarms = z.strictObject({
  /** The address of docs/runbook.md. Every alarm's text contains it with a heading. */
  runbookUrl: text
    .max(500, "must have 500 characters at most: an alarm's text has 1,024")
    .default("docs/runbook.md"),
  /** Addresses that get every alarm. Each must confirm AWS's e-mail once. */
  emails,
  /**
   * Addresses that get only the urgent alarms: every environment waits, or changes will soon be
   * lost.
   */
  urgentEmails: emails,
  /** The alarm's threshold for the reader's lag behind the database. */
  lagSeconds: z.int().min(1).default(60),
  /** The alarm's threshold for the age of the oldest frame in the raw queue. */
  rawQueueAgeSeconds: z.int().min(1).default(120),
  /** The alarm's threshold for the age of the oldest message in an environment's queue. */
  queueAgeSeconds: z.int().min(1).default(900),
  /** The alarm's threshold for the share of MySQL's binlog retention that has passed. */
  retentionUsedPercent: z.int().min(1).max(99).default(50),
});
