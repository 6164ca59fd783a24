import type { Bucket } from "aws-cdk-lib/aws-s3";
import type { ISecret } from "aws-cdk-lib/aws-secretsmanager";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import { encodeRouting } from "../../functions/settings.ts";
import { READER_NODE_OPTIONS } from "../../reader/settings.ts";
import type { DeployableConfiguration } from "../../config/configuration.ts";
import type { Tables } from "./resources/tables.ts";

/** The reader's environment variables, as ARCHITECTURE.md names them; the service adds its health port. */
export function readerSettings(
  { name, source, lanes, subscribers }: DeployableConfiguration,
  secret: ISecret,
  rawQueue: IQueue,
  tables: Tables,
  payloads: Bucket,
): Readonly<Record<string, string>> {
  return {
    SOURCE_NAME: name,
    SOURCE_HOST: source.host,
    SOURCE_PORT: String(source.port),
    SOURCE_TLS: source.tls,
    SOURCE_SECRET_ARN: secret.secretArn,
    SOURCE_TABLES: JSON.stringify(source.tables),
    SOURCE_START: source.start,
    LANES: String(lanes),
    RAW_QUEUE_URL: rawQueue.queueUrl,
    OFFSETS_TABLE: tables.offsets.tableName,
    SESSIONS_TABLE: tables.sessions.tableName,
    PAYLOAD_BUCKET: payloads.bucketName,
    NODE_OPTIONS: READER_NODE_OPTIONS,
    ...(hasForeignFormat(subscribers) && TYPED_FRAMES),
  };
}

/**
 * Whether some subscriber gets a message for each change, in another tool's format. Within a group these are sent one after
 * the other, so one frame has to be small enough for one invocation of the route function.
 */
export function hasForeignFormat(subscribers: DeployableConfiguration["subscribers"]): boolean {
  return Object.values(subscribers).some(({ format }) => format !== "envelope");
}

/** At most some 400 changes to a frame, each of which may take SQS 20 ms. */
const TYPED_FRAMES = { FRAME_COLUMNS: "true", FRAME_KIB: "16" };

/** The environment variables of both functions. */
export function functionSettings(
  config: DeployableConfiguration,
  rawQueue: IQueue,
  tables: Tables,
  payloads: Bucket,
): Readonly<Record<string, string>> {
  return {
    SOURCE_NAME: config.name,
    RAW_QUEUE_URL: rawQueue.queueUrl,
    ROUTING: routing(config),
    OFFSETS_TABLE: tables.offsets.tableName,
    FAILURES_TABLE: tables.failures.tableName,
    SESSIONS_TABLE: tables.sessions.tableName,
    PAYLOAD_BUCKET: payloads.bucketName,
  };
}

/** Who belongs where, and who wants which tables; nothing that only the infrastructure needs. */
function routing({ environments, subscribers, otherUsers }: DeployableConfiguration): string {
  return encodeRouting({
    environments: mapValues(environments, ({ users }) => ({ users: [...users] })),
    subscribers: mapValues(subscribers, ({ tables, groupBy, environments: only, format, ddl }) => ({
      tables: [...tables],
      groupBy,
      ...(only === undefined ? {} : { environments: [...only] }),
      format,
      ddl,
    })),
    otherUsers,
  });
}

function mapValues<Value, Result>(
  record: Readonly<Record<string, Value>>,
  transform: (value: Value) => Result,
): Record<string, Result> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, transform(value)]));
}
