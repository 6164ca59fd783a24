import type { Bucket } from "aws-cdk-lib/aws-s3";
import type { ISecret, Secret } from "aws-cdk-lib/aws-secretsmanager";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import type { HostedConfiguration } from "../../config/configuration.ts";
import { filteredNames } from "../../config/filtered-names.ts";
import { hasColumns } from "../../config/filters.ts";
import { isMessagePerChange } from "../../wire/formats/formats.ts";
import { needsTableColumns } from "../../config/frame-columns.ts";
import { initialSnapshots } from "../../config/initial-snapshots.ts";
import { encodeRouting } from "../../config/routing.ts";
import type { Tables } from "./resources/tables.ts";

/**
 * Limits the memory of the reader's process. Its garbage is short-lived and comes in half-megabyte
 * pieces, for which V8's young generation would otherwise grow by more than a hundred megabytes.
 */
export const READER_NODE_OPTIONS =
  "--enable-source-maps --max-semi-space-size=2 --max-old-space-size=256";

/**
 * How many arenas glibc's allocator has. With one for each thread of V8 and libuv, the reader takes
 * several megabytes more.
 */
export const READER_ARENAS = "1";

/** The reader's environment variables (ARCHITECTURE.md); the service adds the health port. */
export function readerSettings(
  config: HostedConfiguration,
  secret: ISecret,
  rawQueue: IQueue,
  tables: Tables,
  payloads: Bucket,
): Readonly<Record<string, string>> {
  const { name, source, lanes, delivery, subscribers } = config;
  const initial = initialSnapshots(config);
  const filtered = filteredNames(subscribers);
  return {
    SOURCE_NAME: name,
    SOURCE_HOST: source.host,
    SOURCE_PORT: String(source.port),
    SOURCE_TLS: source.tls,
    SOURCE_SECRET_ARN: secret.secretArn,
    SOURCE_TABLES: JSON.stringify(source.tables),
    ...(source.statementTables.length > 0 && {
      STATEMENT_TABLES: JSON.stringify(source.statementTables),
    }),
    SOURCE_START: source.start,
    LANES: String(lanes),
    DELAY_MS: String(delivery.delayMs),
    RAW_QUEUE_URL: rawQueue.queueUrl,
    OFFSETS_TABLE: tables.offsets.tableName,
    SESSIONS_TABLE: tables.sessions.tableName,
    PAYLOAD_BUCKET: payloads.bucketName,
    NODE_OPTIONS: READER_NODE_OPTIONS,
    MALLOC_ARENA_MAX: READER_ARENAS,
    ...(needsTableColumns(config) && { FRAME_COLUMNS: "true" }),
    ...(filtered !== null && { FILTERED_NAMES: JSON.stringify(filtered) }),
    ...(hasMessagePerChange(subscribers) && { FRAME_KIB: SMALL_FRAME_KIB }),
    ...(initial.length > 0 && { SNAPSHOT_INITIAL: JSON.stringify(initial) }),
  };
}

/** At most about 400 changes in a frame, each of which may take SQS 20 ms. */
const SMALL_FRAME_KIB = "16";

/**
 * How many frames one invocation of the route function gets. In formats with one change per
 * message, the messages of a group are sent one after the other, so an invocation has time for one
 * small frame only.
 */
export function framesAtOnce({ subscribers }: HostedConfiguration): number {
  return hasMessagePerChange(subscribers) ? 1 : 10;
}

function hasMessagePerChange(subscribers: HostedConfiguration["subscribers"]): boolean {
  return Object.values(subscribers).some(({ format }) => isMessagePerChange(format));
}

/** The environment variables of the route and retry functions. */
export function functionSettings(
  config: HostedConfiguration,
  rawQueue: IQueue,
  tables: Tables,
  payloads: Bucket,
  filterSecret: Secret | null,
): Readonly<Record<string, string>> {
  return {
    SOURCE_NAME: config.name,
    RAW_QUEUE_URL: rawQueue.queueUrl,
    ROUTING: encodeRouting(config),
    OFFSETS_TABLE: tables.offsets.tableName,
    FAILURES_TABLE: tables.failures.tableName,
    SESSIONS_TABLE: tables.sessions.tableName,
    PAYLOAD_BUCKET: payloads.bucketName,
    ...(filterSecret !== null && { FILTER_SECRET_ARN: filterSecret.secretArn }),
  };
}

/** Whether the functions need the secret of the hashes. */
export function needsFilterSecret({ subscribers }: HostedConfiguration): boolean {
  return Object.values(subscribers).some(hasColumns);
}
