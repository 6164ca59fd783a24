import { z } from "zod";
import { isTablePattern } from "../wire/table-patterns.ts";
import { CANARY_USER } from "./canary-names.ts";
import { otherUsers, subscriberRouting } from "./routing.ts";
import { startPointText } from "./start-point.ts";

/**
 * Milliseconds, seconds and days stand in the names of the keys; every key with a default may be
 * left out.
 */

const SQS_LONGEST_RETENTION_DAYS = 14;
const SQS_LONGEST_VISIBILITY_SECONDS = 12 * 60 * 60;

/** How long CloudWatch can keep logs, days. */
export const LOG_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288,
  3653, 9999,
] as const;

const hasKeys = (value: object): boolean => Object.keys(value).length > 0;

const text = z.string().min(1, "must not be empty");

const tablePattern = z
  .string()
  .refine(isTablePattern, 'must be a table pattern: "database.table", "*" allowed, "!" excludes');

const tablePatterns = z
  .array(tablePattern)
  .min(1, "must list at least one table pattern")
  .refine(
    (patterns) => patterns.length === 0 || patterns.some((pattern) => !pattern.startsWith("!")),
    'only leaves tables out, so it chooses none; add a pattern without "!"',
  );

const principals = z.array(
  z.string().regex(
    // A pattern would be refused by SQS.
    /^arn:aws[a-z-]*:iam::\d{12}:(role|user)\/[\w+=,.@/-]+$/,
    'must be the ARN of an IAM role or user, "arn:aws:iam::<account>:role/<name>", no pattern',
  ),
);

const keyArn = z
  .string()
  .regex(
    /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/(mrk-[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/,
    'must be the ARN of a KMS key, "arn:aws:kms:<region>:<account>:key/<id>"',
  );

const secretArn = z
  .string()
  .regex(
    /^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:.+-[A-Za-z0-9]{6}$/,
    "must be the complete ARN of a Secrets Manager secret, with its six random characters",
  );

export const sourceSchema = z.strictObject({
  /** Where MySQL listens. May be left out for a run on one machine, which brings its own server. */
  host: text.optional(),
  port: z.int().min(1).max(65_535).default(3306),
  /** A Secrets Manager secret with `{ "username", "password" }`. Left out: the stack makes one. */
  secretArn: secretArn.optional(),
  /**
   * The KMS key of that secret, where it is not AWS's own; its policy has to let this account's IAM
   * decide.
   */
  secretKeyArn: keyArn.optional(),
  /**
   * `verify` checks the server's certificate, `encrypt` does not, `off` sends everything in the
   * clear.
   */
  tls: z.enum(["verify", "encrypt", "off"]).default("verify"),
  tables: tablePatterns,
  /**
   * Tables that sessions may change in statement format: no subscriber has them, and a statement
   * that writes them changes no followed table (docs/statements.md).
   */
  statementTables: z.array(tablePattern).default([]),
  /** Where the very first start begins to read; afterwards the saved offset counts. */
  start: startPointText.default("now"),
});

/** How the alarms of one environment's queues differ from the source's. */
const environmentAlarms = z.strictObject({
  /** In place of `alarms.queueAgeSeconds`; `off` for an environment whose applications sleep. */
  queueAgeSeconds: z.union([z.int().min(1), z.literal("off")]).optional(),
  /**
   * An SNS topic that gets them in place of the source's. Its policy has to let CloudWatch publish.
   */
  topicArn: z
    .string()
    .regex(
      /^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]+$/,
      'must be the ARN of an SNS topic, "arn:aws:sns:<region>:<account>:<name>"',
    )
    .optional(),
});

const environment = z.strictObject({
  /**
   * MySQL users, `*` and `?` allowed; `user@host` also limits the client's host. Empty while an
   * environment is retired.
   */
  users: z.array(text),
  /** Who may read this environment's queues: once listed, nobody else may. */
  consumers: principals.default([]),
  alarms: environmentAlarms.optional(),
});

const subscriber = z.strictObject({
  tables: tablePatterns,
  ...subscriberRouting,
  environments: z.array(text).min(1, "must list at least one environment").optional(),
  /** `initial`: the rows that its tables have, once, in each environment in which it is new. */
  snapshot: z.enum(["none", "initial"]).default("none"),
  /** How long a received message stays hidden from other receivers. */
  visibilitySeconds: z.int().min(0).max(SQS_LONGEST_VISIBILITY_SECONDS).default(60),
  /** After this many receives without a delete a message goes to the dead-letter queue. */
  maxReceives: z.int().min(1).max(1000).default(10),
});

/** Where the reader runs; needed to deploy, not for a run on one machine. */
const network = z.strictObject({
  vpcId: z.string().regex(/^vpc-([0-9a-f]{8}|[0-9a-f]{17})$/, 'must be the id of a VPC, "vpc-…"'),
  /**
   * Private subnets with a way to the AWS APIs (NAT or VPC endpoints), in at least two availability
   * zones.
   */
  subnetIds: z
    .array(
      z
        .string()
        .regex(/^subnet-([0-9a-f]{8}|[0-9a-f]{17})$/, 'must be the id of a subnet, "subnet-…"'),
    )
    .min(1, "must list at least one subnet"),
  /**
   * The database's security group: the stack lets the reader in on MySQL's port. Left out (MySQL
   * elsewhere, or a group that others own): whoever owns MySQL's network lets in the reader's
   * group, an output of the stack.
   */
  databaseSecurityGroupId: z
    .string()
    .regex(/^sg-([0-9a-f]{8}|[0-9a-f]{17})$/, 'must be the id of a security group, "sg-…"')
    .optional(),
});

const alarms = z.strictObject({
  /** Where docs/runbook.md can be read; every alarm names it with its heading. */
  runbookUrl: text
    .max(500, "must have 500 characters at most: an alarm's text has 1,024")
    .default("docs/runbook.md"),
  /** Addresses that get every alarm; each has to confirm AWS's e-mail once. */
  emails: z.array(z.email("must be an e-mail address")).default([]),
  /**
   * Addresses that get the urgent alarms only: those by which every environment waits, or changes
   * are soon lost.
   */
  urgentEmails: z.array(z.email("must be an e-mail address")).default([]),
  /** The reader's distance from the newest commit. */
  lagSeconds: z.int().min(1).default(60),
  /** Age of the oldest frame in the raw queue. */
  rawQueueAgeSeconds: z.int().min(1).default(120),
  /** Age of the oldest message in an environment's queue. */
  queueAgeSeconds: z.int().min(1).default(900),
  /** How much of MySQL's binlog retention may be used up before it alarms. */
  retentionUsedPercent: z.int().min(1).max(99).default(50),
});

export const deliverySchema = z.strictObject({
  /**
   * The longest that a change waits to share a frame with others, while frames are delivered as
   * fast as they come.
   */
  delayMs: z.int().min(5).max(60_000).default(20),
});

const retention = z.strictObject({
  /** Messages in environment queues, raw queue and dead-letter queues. */
  queueDays: z.int().min(1).max(SQS_LONGEST_RETENTION_DAYS).default(SQS_LONGEST_RETENTION_DAYS),
  /** Bodies too large for SQS; must outlast the queue and its dead-letter queue together. */
  payloadDays: z.int().min(2).default(30),
  /** One of CloudWatch's own steps. */
  logDays: z.literal(LOG_DAYS).default(30),
});

/** Where the stack of the repository's own app belongs, and what its organisation asks of it. */
const deployment = z.strictObject({
  /** Credentials of another account are refused. Left out: the account of whoever deploys. */
  account: z
    .string()
    .regex(/^\d{12}$/, "must be the twelve digits of an AWS account")
    .optional(),
  region: z
    .string()
    .regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'must be an AWS region, "eu-central-1"')
    .optional(),
  /** Of the stack, and with it of every resource that takes tags. */
  tags: z
    .record(
      z
        .string()
        .regex(
          /^(?!aws:)[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$/u,
          "must be the key of a tag: up to 128 letters, digits, spaces and _.:/=+-@, not beginning with aws:",
        ),
      z
        .string()
        .regex(
          /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u,
          "must be the value of a tag: up to 256 letters, digits, spaces and _.:/=+-@",
        ),
    )
    // Of 50 that AWS allows; queues have one of their own.
    .refine((tags) => Object.keys(tags).length <= 49, "must be 49 tags at most")
    .default({}),
  /** The managed policy that limits every role of the stack. */
  permissionsBoundaryArn: z
    .string()
    .regex(
      /^arn:aws[a-z-]*:iam::(\d{12}|aws):policy\/.+$/,
      'must be the ARN of an IAM policy, "arn:aws:iam::<account>:policy/<name>"',
    )
    .optional(),
});

/** What writes a row a minute and waits for it at the other end. */
const canary = z.strictObject({
  /** Its MySQL account: the only user of the environment `binlog-router`. */
  user: z
    .string()
    .regex(
      /^[A-Za-z0-9_.-]{1,32}$/,
      "must be the name of a MySQL user, without a host or a pattern",
    )
    .default(CANARY_USER),
  /** A Secrets Manager secret with `{ "username", "password" }`. Left out: the stack makes one. */
  secretArn: secretArn.optional(),
  /** The KMS key of that secret, where it is not AWS's own. */
  secretKeyArn: keyArn.optional(),
});

const tableName = z
  .string()
  .regex(/^[A-Za-z0-9_.-]{3,255}$/, "must be the name of a DynamoDB table");

const restoredTables = z.strictObject({
  offsets: tableName,
  sessions: tableName,
  failures: tableName,
});

const doctor = z.strictObject({
  /**
   * Findings of `doctor` that are to stay as they are: the reason for each, by the id that `doctor`
   * prints.
   */
  accept: z.record(text, text).default({}),
});

export const configurationSchema = z.strictObject({
  name: z.string(),
  source: sourceSchema,
  environments: z.record(z.string(), environment).refine(hasKeys, "must not be empty"),
  subscribers: z.record(z.string(), subscriber).refine(hasKeys, "must not be empty"),
  otherUsers,
  /**
   * Message groups of the raw queue; more of them trade the order between tables for throughput.
   */
  lanes: z.int().min(1).max(100).default(1),
  delivery: deliverySchema.prefault({}),
  network: network.optional(),
  deployment: deployment.prefault({}),
  /**
   * Tables that were restored from a backup, which the parts then work with (docs/deploying.md):
   * all of one moment.
   */
  restoredTables: restoredTables.optional(),
  /** Left out: no canary. `withCanary` adds its table, environment and subscriber. */
  canary: canary.optional(),
  /**
   * The KMS key of queues, tables, payload bucket, topics, logs, and of secrets that the stack
   * makes. Left out: AWS's own keys. Its policy has to let this account's IAM decide, and admit
   * CloudWatch (docs/deploying.md).
   */
  encryptionKeyArn: keyArn.optional(),
  /** IAM roles or users that may move messages out of dead-letter queues. */
  operators: principals.default([]),
  retention: retention.prefault({}),
  alarms: alarms.prefault({}),
  doctor: doctor.prefault({}),
});
