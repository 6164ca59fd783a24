import * as z from "zod";
import { alarms, environmentAlarms } from "./alarms-schema.ts";
import { CANARY_USER } from "./canary-names.ts";
import { deployment, network, restoredTables } from "./deployment-schema.ts";
import { otherUsers, subscriberRouting } from "./routing.ts";
import { keyArn, principals, secretArn, tablePatterns, text } from "./schema-values.ts";
import { deliverySchema, sourceSchema } from "./source-schema.ts";

/** The names of the keys contain their units. Every key with a default may be left out. */

const SQS_LONGEST_RETENTION_DAYS = 14;
const SQS_LONGEST_VISIBILITY_SECONDS = 12 * 60 * 60;

/** The retention periods that CloudWatch allows for logs, days. */
export const LOG_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288,
  3653, 9999,
] as const;

const hasKeys = (value: object): boolean => Object.keys(value).length > 0;

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
