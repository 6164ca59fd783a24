import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { LocalClock } from "./time/clock.ts";
import type { ConsumedUnits } from "./dynamodb/capacity.ts";
import { LocalDynamoDB } from "./dynamodb/local-dynamodb.ts";
import type { JsonObject } from "./http/aws-json.ts";
import type { AwsService, ServiceName } from "./http/aws-service.ts";
import type { RequestCounts } from "./http/counters.ts";
import { Faults } from "./http/faults.ts";
import { listen, type Endpoint } from "./http/listen.ts";
import { callSqs } from "./sqs/call-sqs.ts";
import { KeptObjects } from "./s3/kept-objects.ts";
import { LocalS3 } from "./s3/local-s3.ts";
import { LocalSecretsManager } from "./secrets-manager/local-secrets-manager.ts";
import { KeptMessages } from "./sqs/kept-messages.ts";
import type { QueueInspector } from "./sqs/queue-inspector.ts";
import { LocalSqs } from "./sqs/local-sqs.ts";

export interface LocalAwsOptions {
  /** The port of each service. The system chooses a port that is left out. */
  readonly ports?: Partial<Readonly<Record<ServiceName, number>>>;
  readonly region?: string;
  /** Twelve digits. */
  readonly accountId?: string;
  /**
   * The IP address by which other machines or containers reach this one. The endpoints and the
   * queues' URLs contain it, and the services listen on all addresses. Left out: the services
   * listen on 127.0.0.1 only.
   */
  readonly host?: string;
  /**
   * The directory in which the services store their data. The data survives a crash of this process
   * but not a power failure. After a restart, messages that were received and not deleted can be
   * received again. Left out: in memory.
   */
  readonly directory?: string;
}

/**
 * The stand-ins for the AWS services that binlog-router uses, in this process. Disposing closes all
 * connections.
 */
export interface LocalAws extends AsyncDisposable {
  readonly region: string;
  readonly accountId: string;
  /** The credentials in `environment()`. The services accept any. */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** `http://<host>:<port>` of each service. */
  readonly endpoints: Readonly<Record<ServiceName, string>>;
  readonly faults: Faults;
  /** SQS's clock: real time, until a test advances it. */
  readonly clock: LocalClock;
  /** Reads the queues without receiving. */
  readonly queues: QueueInspector;
  /** The estimated request units since the start, by DynamoDB table. */
  consumedUnits(): ReadonlyMap<string, ConsumedUnits>;
  /**
   * The environment variables with which AWS SDK clients that are made without arguments use these
   * services, in any process on this machine.
   */
  environment(): Record<string, string>;
  /**
   * Performs an action of SQS in this process, without a connection; input and output are those of
   * the JSON protocol. It is counted and struck by faults like a request. Throws CallRefusedError.
   */
  callSqs(action: string, input: JsonObject, signal?: AbortSignal): Promise<JsonObject>;
  /** The number of requests that a service has received since the start or the last reset. */
  counts(service: ServiceName): RequestCounts;
}

/**
 * An IP address and not a name, because S3 clients of all SDKs then put the bucket into the path.
 */
const LOOPBACK = "127.0.0.1";
const ALL_ADDRESSES = "0.0.0.0";

/**
 * Overrides variables in a developer's environment that would direct a client to a real account.
 */
const NO_OTHER_AWS = {
  AWS_PROFILE: "",
  AWS_SESSION_TOKEN: "",
  AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: "false",
};

/** The signal of a caller that waits for the answer. */
const NEVER = new AbortController().signal;

/** Starts the stand-ins. Throws PortInUseError; no stand-in runs then. */
export async function startLocalAws(options: LocalAwsOptions = {}): Promise<LocalAws> {
  const { ports = {}, region = "us-east-1", accountId = "000000000000" } = options;
  const clock = new LocalClock();
  const credentials = { accessKeyId: "local", secretAccessKey: "local" };
  const faults = new Faults();

  const inspectors: { queues?: QueueInspector } = {};
  await using started = new AsyncDisposableStack();
  const kept = options.directory === undefined ? null : await openKept(options.directory);
  if (kept !== null) started.use(kept.messages);
  const dynamodb = started.use(
    new LocalDynamoDB({ region, accountId, ...(kept !== null && { path: kept.tables }) }),
  );
  const services: Record<ServiceName, (url: string) => AwsService> = {
    sqs: (url) => {
      const sqs = new LocalSqs({
        url,
        region,
        accountId,
        clock,
        ...(kept !== null && { kept: kept.messages }),
      });
      inspectors.queues = sqs.inspector;
      return sqs;
    },
    dynamodb: () => dynamodb,
    secretsManager: () =>
      new LocalSecretsManager({ region, accountId, ...(kept !== null && { file: kept.secrets }) }),
    s3: () => new LocalS3(kept?.objects),
  };

  const listening = new Map<ServiceName, Endpoint>();
  for (const name of Object.keys(services) as ServiceName[]) {
    const endpoint = await listen(services[name], {
      address: options.host === undefined ? LOOPBACK : ALL_ADDRESSES,
      host: options.host ?? LOOPBACK,
      port: ports[name] ?? 0,
      faults,
      clock,
    });
    listening.set(name, started.use(endpoint));
  }
  const running = started.move();
  const endpoint = (name: ServiceName): Endpoint => {
    const found = listening.get(name);
    if (found === undefined) throw new RangeError(`there is no service named ${name}`);
    return found;
  };
  const endpoints = {
    sqs: endpoint("sqs").url,
    dynamodb: endpoint("dynamodb").url,
    secretsManager: endpoint("secretsManager").url,
    s3: endpoint("s3").url,
  };

  const { queues } = inspectors;
  if (queues === undefined) throw new RangeError("SQS is not running");

  return {
    region,
    accountId,
    credentials,
    endpoints,
    faults,
    clock,
    queues,
    consumedUnits: () => dynamodb.capacity.byTable(),
    environment: () => ({
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      ...NO_OTHER_AWS,
      AWS_ENDPOINT_URL_SQS: endpoints.sqs,
      AWS_ENDPOINT_URL_DYNAMODB: endpoints.dynamodb,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoints.secretsManager,
      AWS_ENDPOINT_URL_S3: endpoints.s3,
    }),
    callSqs: (action, input, signal = NEVER) => callSqs(endpoint("sqs"), action, input, signal),
    counts: (name) => endpoint(name).counter.counts(),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** Opens the services' stores in the directory. */
async function openKept(directory: string) {
  const objects = join(directory, "objects");
  await mkdir(objects, { recursive: true, mode: 0o700 });
  return {
    messages: await KeptMessages.open(directory),
    objects: KeptObjects.open(objects),
    tables: join(directory, "tables"),
    secrets: join(directory, "secrets.json"),
  };
}
