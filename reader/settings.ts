import type { FilteredNames } from "../config/filtered-names.ts";
import * as z from "zod";
import type { Configuration } from "../config/configuration.ts";
import { configurationSchema } from "../config/schema.ts";
import { deliverySchema, sourceSchema } from "../config/source-schema.ts";
import { parseStartPoint, type StartPoint } from "../config/start-point.ts";
import { fnv1a } from "../wire/fnv-1a.ts";
import { type FrameSizes, frameSizesOf, FULL_KIB } from "./frames/full-frame.ts";

/** The reader's settings, from its environment variables; ARCHITECTURE.md lists them. */
export interface ReaderSettings {
  readonly source: string;
  readonly host: string;
  readonly port: number;
  readonly tls: Configuration["source"]["tls"];
  readonly secretArn: string;
  readonly tables: readonly string[];
  /** Unfollowed tables that sessions may change in statement format. */
  readonly statementTables: readonly string[];
  readonly start: StartPoint;
  /**
   * The `server_id` with which the reader registers as a replica; unique among the source's
   * replicas.
   */
  readonly replicaServerId: number;
  readonly lanes: number;
  readonly rawQueueUrl: string;
  readonly offsetsTable: string;
  readonly sessionsTable: string;
  /** The S3 bucket for frames that are too large for SQS and for kept XA transactions. */
  readonly payloadBucket: string;
  /** The table that the session ledger's procedure writes to, `database.table`. */
  readonly ledgerTable: string;
  readonly leaseMs: number;
  /**
   * A binlog connection that is silent for this long counts as broken. The server sends a heartbeat
   * after a third of this time.
   */
  readonly silenceMs: number;
  readonly sweepMs: number;
  /**
   * How long an XA transaction stays prepared before its changes are kept in the payload bucket.
   */
  readonly keepXaAfterMs: number;
  /** The reader pauses the binlog connection while more bytes than this are unsent. */
  readonly unsentLimitBytes: number;
  readonly frameSizes: FrameSizes;
  /** The shortest time between two frames of a lane that are not full, milliseconds. */
  readonly delayMs: number;
  /**
   * Whether frames contain the columns of their tables and the ends of transactions, which some
   * message formats need.
   */
  readonly columns: boolean;
  /** The names on which filters depend; null when there are none. */
  readonly filteredNames: FilteredNames | null;
  readonly healthPort: number | null;
  /**
   * How long the reader waits after an error that a person must resolve before it tries again;
   * null: the process ends instead.
   */
  readonly blockedMs: number | null;
  /** The interval of metrics, milliseconds. An alarm needs them at least every minute. */
  readonly metricsEveryMs: number;
  readonly logLevel: "debug" | "info" | "warn" | "error";
  /** The subscriber and environment pairs that get an initial snapshot, with its tables. */
  readonly initialSnapshots: readonly {
    readonly subscriber: string;
    readonly environment: string;
    readonly tables: readonly string[];
  }[];
}

/** Environment variables are missing or invalid; `problems` names each of them. */
export class ReaderSettingsError extends Error {
  override readonly name = "ReaderSettingsError";
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`the reader's environment variables are invalid: ${problems.join("; ")}`);
    this.problems = problems;
  }
}

const wholeNumber = (minimum: number, maximum: number) =>
  z.coerce.number().int().min(minimum).max(maximum);

/** Parses a text of digits with a numeric part of the configuration's schema. */
const digits = <Part extends z.ZodType>(part: Part) =>
  z.preprocess((text) => (text === undefined ? undefined : Number(text)), part);

const jsonText = (message: string) =>
  z.string().transform((text, context): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      context.addIssue(message);
      return z.NEVER;
    }
  });

const { port, tls, tables, statementTables, start } = sourceSchema.shape;

const variables = z.object({
  SOURCE_NAME: z.string().min(1),
  SOURCE_HOST: z.string().min(1),
  SOURCE_PORT: digits(port),
  SOURCE_TLS: tls,
  SOURCE_SECRET_ARN: z.string().min(1),
  SOURCE_TABLES: jsonText("must be a JSON list of table patterns").pipe(tables),
  STATEMENT_TABLES: jsonText("must be a JSON list of table patterns")
    .default([])
    .pipe(statementTables),
  SOURCE_START: start,
  REPLICA_SERVER_ID: wholeNumber(1, 0xffffffff).optional(),
  LANES: digits(configurationSchema.shape.lanes),
  RAW_QUEUE_URL: z.url(),
  OFFSETS_TABLE: z.string().min(1),
  SESSIONS_TABLE: z.string().min(1),
  PAYLOAD_BUCKET: z.string().min(1),
  LEDGER_TABLE: z
    .string()
    .regex(/^[^.]+\..+$/s)
    .default("binlog_router.sessions"),
  LEASE_SECONDS: wholeNumber(3, 300).default(15),
  SILENCE_SECONDS: wholeNumber(3, 3600).default(30),
  SWEEP_SECONDS: wholeNumber(1, 3600).default(5),
  KEEP_XA_AFTER_SECONDS: wholeNumber(1, 86_400).default(60),
  UNSENT_LIMIT_MIB: wholeNumber(1, 1024).default(8),
  FRAME_KIB: wholeNumber(1, FULL_KIB).optional(),
  DELAY_MS: digits(deliverySchema.shape.delayMs),
  FILTERED_NAMES: jsonText("must be a JSON object with patterns of tables and columns")
    .pipe(z.object({ tables: z.array(z.string()), columns: z.array(z.string()) }).nullable())
    .default(null),
  FRAME_COLUMNS: z.enum(["true", "false"]).default("false"),
  HEALTH_PORT: wholeNumber(0, 65_535).optional(),
  BLOCKED_SECONDS: wholeNumber(0, 3600).default(60),
  METRICS_SECONDS: wholeNumber(1, 60).default(20),
  LOG_LEVEL: z.enum(["debug", "info", "warn", "error"]).default("info"),
  SNAPSHOT_INITIAL: jsonText("must be a JSON list of pairs with their tables")
    .pipe(z.array(z.object({ subscriber: z.string(), environment: z.string(), tables })))
    .default([]),
});

/** Parses the settings. Throws ReaderSettingsError, which names every invalid variable. */
export function parseReaderSettings(
  environment: Readonly<Record<string, string | undefined>>,
): ReaderSettings {
  const result = variables.safeParse(environment);
  if (!result.success) {
    throw new ReaderSettingsError(
      result.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`),
    );
  }
  const value = result.data;
  return {
    source: value.SOURCE_NAME,
    host: value.SOURCE_HOST,
    port: value.SOURCE_PORT,
    tls: value.SOURCE_TLS,
    secretArn: value.SOURCE_SECRET_ARN,
    tables: value.SOURCE_TABLES,
    statementTables: value.STATEMENT_TABLES,
    start: parseStartPoint(value.SOURCE_START) ?? { kind: "now" },
    replicaServerId: value.REPLICA_SERVER_ID ?? serverIdFor(value.RAW_QUEUE_URL),
    lanes: value.LANES,
    rawQueueUrl: value.RAW_QUEUE_URL,
    offsetsTable: value.OFFSETS_TABLE,
    sessionsTable: value.SESSIONS_TABLE,
    payloadBucket: value.PAYLOAD_BUCKET,
    ledgerTable: value.LEDGER_TABLE,
    leaseMs: value.LEASE_SECONDS * 1000,
    silenceMs: value.SILENCE_SECONDS * 1000,
    sweepMs: value.SWEEP_SECONDS * 1000,
    keepXaAfterMs: value.KEEP_XA_AFTER_SECONDS * 1000,
    unsentLimitBytes: value.UNSENT_LIMIT_MIB * 1024 * 1024,
    frameSizes: frameSizesOf(value.FRAME_KIB),
    delayMs: value.DELAY_MS,
    columns: value.FRAME_COLUMNS === "true",
    filteredNames: value.FILTERED_NAMES,
    healthPort: value.HEALTH_PORT ?? null,
    blockedMs: value.BLOCKED_SECONDS * 1000 || null,
    metricsEveryMs: value.METRICS_SECONDS * 1000,
    logLevel: value.LOG_LEVEL,
    initialSnapshots: value.SNAPSHOT_INITIAL,
  };
}

/**
 * A default server id: a hash of the raw queue's URL, which differs between accounts and regions.
 * It lies in the upper half of the range, because people number their servers from 1.
 */
function serverIdFor(rawQueueUrl: string): number {
  return (0x80000000 | (fnv1a(rawQueueUrl) & 0x7fffffff)) >>> 0;
}
