import { z } from "zod";
import { isTablePattern } from "../wire/table-patterns.ts";
import { CANARY_USER } from "./canary-names.ts";
import { otherUsers, subscriberRouting } from "./routing.ts";
import { startPointText } from "./start-point.ts";

/** The names of the keys contain their units. Every key with a default may be left out. */

const SQS_LONGEST_RETENTION_DAYS = 14;
const SQS_LONGEST_VISIBILITY_SECONDS = 12 * 60 * 60;

/** The retention periods that CloudWatch allows for logs, days. */
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
    // SQS refuses patterns here.
    /^arn:aws[a-z-]*:iam::\d{12}:(role|user)\/[\w+=,.@/-]+$/,
    'must be the ARN of an IAM role or user, "arn:aws:iam::<account>:role/<name>", without a pattern',
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
  /** MySQL's host. May be left out for a run on one machine, which starts a MySQL server. */
  host: text.optional(),
  port: z.int().min(1).max(65_535).default(3306),
  /** A Secrets Manager secret with `{ "username", "password" }`. Left out: the stack makes one. */
  secretArn: secretArn.optional(),
  /**
   * The KMS key of that secret, unless it is AWS's own. The key's policy must delegate to this
   * account's IAM.
   */
  secretKeyArn: keyArn.optional(),
  /**
   * `verify` encrypts and checks the server's certificate, `encrypt` does not check it, `off` sends
   * everything unencrypted.
   */
  tls: z.enum(["verify", "encrypt", "off"]).default("verify"),
  tables: tablePatterns,
  /**
   * Tables that sessions may change in statement format. No subscriber gets them, and a statement
   * that writes to them must not change a followed table (docs/statements.md).
   */
  statementTables: z.array(tablePattern).default([]),
  /** Where the first start begins to read. Later starts continue at the saved offset. */
  start: startPointText.default("now"),
});

/** Settings that replace the source's for the alarms of one environment's queues. */
const environmentAlarms = z.strictObject({
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

const environment = z.strictObject({
  /**
   * Patterns of MySQL users, with `*` and `?`; `user@host` also limits the client's host. Empty
   * while the environment is being retired.
   */
  users: z.array(text),
  /**
   * The principals that may read this environment's queues. When any are listed, the queues'
   * policies deny everyone else except the operators and the stack's functions.
   */
  consumers: principals.default([]),
  alarms: environmentAlarms.optional(),
});

const subscriber = z.strictObject({
  tables: tablePatterns,
  ...subscriberRouting,
  environments: z.array(text).min(1, "must list at least one environment").optional(),
  /**
   * `initial`: delivers the existing rows of its tables once in each environment in which the
   * subscriber is new.
   */
  snapshot: z.enum(["none", "initial"]).default("none"),
  /** How long SQS hides a received message from other receivers. */
  visibilitySeconds: z.int().min(0).max(SQS_LONGEST_VISIBILITY_SECONDS).default(60),
  /**
   * The number of receives after which a message that is not deleted moves to the dead-letter
   * queue.
   */
  maxReceives: z.int().min(1).max(1000).default(10),
});

/** The network in which the reader runs; needed for a deployment, not for a run on one machine. */
const network = z.strictObject({
  vpcId: z.string().regex(/^vpc-([0-9a-f]{8}|[0-9a-f]{17})$/, 'must be the id of a VPC, "vpc-…"'),
  /**
   * Private subnets that can reach the AWS APIs (through NAT or VPC endpoints), in at least two
   * availability zones.
   */
  subnetIds: z
    .array(
      z
        .string()
        .regex(/^subnet-([0-9a-f]{8}|[0-9a-f]{17})$/, 'must be the id of a subnet, "subnet-…"'),
    )
    .min(1, "must list at least one subnet"),
  /**
   * The database's security group, to which the stack adds a rule that admits the reader on MySQL's
   * port. Left out (MySQL is elsewhere, or others manage the group): the owner of MySQL's network
   * must admit the reader's group, which is an output of the stack.
   */
  databaseSecurityGroupId: z
    .string()
    .regex(/^sg-([0-9a-f]{8}|[0-9a-f]{17})$/, 'must be the id of a security group, "sg-…"')
    .optional(),
});

const alarms = z.strictObject({
  /** The address of docs/runbook.md. Every alarm's text contains it with a heading. */
  runbookUrl: text
    .max(500, "must have 500 characters at most: an alarm's text has 1,024")
    .default("docs/runbook.md"),
  /** Addresses that get every alarm. Each must confirm AWS's e-mail once. */
  emails: z.array(z.email("must be an e-mail address")).default([]),
  /**
   * Addresses that get only the urgent alarms: every environment waits, or changes will soon be
   * lost.
   */
  urgentEmails: z.array(z.email("must be an e-mail address")).default([]),
  /** The alarm's threshold for the reader's lag behind the database. */
  lagSeconds: z.int().min(1).default(60),
  /** The alarm's threshold for the age of the oldest frame in the raw queue. */
  rawQueueAgeSeconds: z.int().min(1).default(120),
  /** The alarm's threshold for the age of the oldest message in an environment's queue. */
  queueAgeSeconds: z.int().min(1).default(900),
  /** The alarm's threshold for the share of MySQL's binlog retention that has passed. */
  retentionUsedPercent: z.int().min(1).max(99).default(50),
});

export const deliverySchema = z.strictObject({
  /**
   * The longest time that a change waits to share a frame with others, while frames are delivered
   * as fast as they are sent.
   */
  delayMs: z.int().min(5).max(60_000).default(20),
});

const retention = z.strictObject({
  /** The retention of messages in environment queues, raw queue and dead-letter queues. */
  queueDays: z.int().min(1).max(SQS_LONGEST_RETENTION_DAYS).default(SQS_LONGEST_RETENTION_DAYS),
  /**
   * The retention of bodies too large for SQS. Must be at least that of the queue and its
   * dead-letter queue together.
   */
  payloadDays: z.int().min(2).default(30),
  /** The retention of logs, one of the periods that CloudWatch allows. */
  logDays: z.literal(LOG_DAYS).default(30),
});

/**
 * The account and region for this repository's CDK app, and what the organisation requires of its
 * stack.
 */
const deployment = z.strictObject({
  /**
   * A deployment with another account's credentials is refused. Left out: the account of the
   * credentials.
   */
  account: z
    .string()
    .regex(/^\d{12}$/, "must be the twelve digits of an AWS account")
    .optional(),
  region: z
    .string()
    .regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'must be an AWS region, "eu-central-1"')
    .optional(),
  /** Tags of the stack and of all its resources that can have tags. */
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
    // AWS allows 50, and queues have one more.
    .refine((tags) => Object.keys(tags).length <= 49, "must have at most 49 tags")
    .default({}),
  /** The managed policy that becomes the permissions boundary of every role in the stack. */
  permissionsBoundaryArn: z
    .string()
    .regex(
      /^arn:aws[a-z-]*:iam::(\d{12}|aws):policy\/.+$/,
      'must be the ARN of an IAM policy, "arn:aws:iam::<account>:policy/<name>"',
    )
    .optional(),
});

/** The canary writes a row every minute and waits for it in its queue. */
const canary = z.strictObject({
  /** The canary's MySQL account, the only user of the environment `binlog-router`. */
  user: z
    .string()
    .regex(
      /^[A-Za-z0-9_.-]{1,32}$/,
      "must be the name of a MySQL user, without a host or a pattern",
    )
    .default(CANARY_USER),
  /** A Secrets Manager secret with `{ "username", "password" }`. Left out: the stack makes one. */
  secretArn: secretArn.optional(),
  /** The KMS key of that secret, unless it is AWS's own. */
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
  /** Accepted findings of `doctor`: the reason for each, by the id that `doctor` prints. */
  accept: z.record(text, text).default({}),
});

export const configurationSchema = z.strictObject({
  name: z.string(),
  source: sourceSchema,
  environments: z.record(z.string(), environment).refine(hasKeys, "must not be empty"),
  subscribers: z.record(z.string(), subscriber).refine(hasKeys, "must not be empty"),
  otherUsers,
  /**
   * The number of message groups in the raw queue. More lanes give more throughput, but tables in
   * different lanes keep no common order.
   */
  lanes: z.int().min(1).max(100).default(1),
  delivery: deliverySchema.prefault({}),
  network: network.optional(),
  deployment: deployment.prefault({}),
  /**
   * Tables that were restored from backups of the same moment, for the stack to use
   * (docs/deploying.md).
   */
  restoredTables: restoredTables.optional(),
  /** Left out: no canary. `withCanary` adds its table, environment and subscriber. */
  canary: canary.optional(),
  /**
   * The KMS key for queues, tables, payload bucket, topics, logs, and the secrets that the stack
   * makes. Left out: AWS's own keys. The key's policy must delegate to this account's IAM and admit
   * CloudWatch (docs/deploying.md).
   */
  encryptionKeyArn: keyArn.optional(),
  /** IAM roles or users that may move messages from dead-letter queues. */
  operators: principals.default([]),
  retention: retention.prefault({}),
  alarms: alarms.prefault({}),
  doctor: doctor.prefault({}),
});
