import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { LocalClock } from "./time/clock.ts";
import type { ConsumedUnits } from "./dynamodb/capacity.ts";
import { LocalDynamoDB } from "./dynamodb/local-dynamodb.ts";
import type { AwsService, ServiceName } from "./http/aws-service.ts";
import type { RequestCounts } from "./http/counters.ts";
import { Faults } from "./http/faults.ts";
import { listen, type Endpoint } from "./http/listen.ts";
import { KeptObjects } from "./s3/kept-objects.ts";
import { LocalS3 } from "./s3/local-s3.ts";
import { LocalSecretsManager } from "./secrets-manager/local-secrets-manager.ts";
import { KeptMessages } from "./sqs/kept-messages.ts";
import type { QueueInspector } from "./sqs/queue-inspector.ts";
import { LocalSqs } from "./sqs/local-sqs.ts";

export interface LocalAwsOptions {
  /** The port of each service; one that is left out is chosen by the system. */
  readonly ports?: Partial<Readonly<Record<ServiceName, number>>>;
  readonly region?: string;
  /** Twelve digits. */
  readonly accountId?: string;
  /**
   * The IP address by which other machines or containers reach this one: the endpoints and the
   * queues' URLs have it, and the services listen on all addresses. Left out: on 127.0.0.1 only.
   */
  readonly host?: string;
  /**
   * Where the services keep what they hold: it outlives this process, however that ends, but not a
   * power failure. What was received and not deleted can be received again. Left out: in memory.
   */
  readonly directory?: string;
}

/**
 * The AWS services that binlog-router uses, in this process. Disposing of it cuts all connections.
 */
export interface LocalAws extends AsyncDisposable {
  readonly region: string;
  readonly accountId: string;
  /** Any credentials are accepted; these are the ones that `environment()` names. */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** `http://<host>:<port>` of each service. */
  readonly endpoints: Readonly<Record<ServiceName, string>>;
  readonly faults: Faults;
  /** What SQS takes its time from: real time, until it is put forward. */
  readonly clock: LocalClock;
  /** Looks into the queues without receiving. */
  readonly queues: QueueInspector;
  /** Request units by DynamoDB table since the start, estimated. */
  consumedUnits(): ReadonlyMap<string, ConsumedUnits>;
  /**
   * The variables that make an AWS SDK client without arguments, in any process on this machine,
   * use these services.
   */
  environment(): Record<string, string>;
  /** How many requests a service received since the start. */
  counts(service: ServiceName): RequestCounts;
}

/**
 * An IP address, not a name: with one the S3 clients of all SDKs put the bucket into the path by
 * themselves.
 */
const LOOPBACK = "127.0.0.1";
const ALL_ADDRESSES = "0.0.0.0";

/**
 * What in a developer's own environment would lead a client past the stand-ins, to a real account.
 */
const NO_OTHER_AWS = {
  AWS_PROFILE: "",
  AWS_SESSION_TOKEN: "",
  AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: "false",
};

/** Starts the stand-ins. Throws PortInUseError; then none of them is left running. */
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
    if (found === undefined) throw new RangeError(`no such service: ${name}`);
    return found;
  };
  const endpoints = {
    sqs: endpoint("sqs").url,
    dynamodb: endpoint("dynamodb").url,
    secretsManager: endpoint("secretsManager").url,
    s3: endpoint("s3").url,
  };

  const { queues } = inspectors;
  if (queues === undefined) throw new RangeError("SQS does not run");

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
    counts: (name) => endpoint(name).counter.counts(),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** What the services keep, in a directory of its own each. */
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
