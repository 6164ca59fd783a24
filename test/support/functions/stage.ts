import {
  CreateTableCommand,
  DynamoDBClient,
  PutItemCommand,
  ScanCommand,
  type AttributeDefinition,
  type AttributeValue,
  type CreateTableCommandInput,
} from "@aws-sdk/client-dynamodb";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import type { StackFile } from "../../../operator/shared/stack-file.ts";
import { clientSettings, type Clients } from "../../../functions/aws/clients.ts";
import { fixedPatience } from "../../../functions/delivery/patience.ts";
import type { RetryRuntime } from "../../../functions/retry/retry-handler.ts";
import { runtime, type RuntimeOptions } from "../../../functions/main/runtime.ts";
import { parseFunctionSettings } from "../../../functions/main/settings.ts";
import type { EnvironmentMessage } from "../../../wire/message.ts";
import { environmentQueueName, rawQueueName } from "../../../wire/names.ts";
import { withPlainBodies } from "../../../wire/plain-bodies.ts";
import { startLocalAws, type LocalAws } from "@binlog-router/local-aws";
import type { Fault } from "@binlog-router/local-aws";
import type { LocalClock } from "@binlog-router/local-aws";
import { environmentQueues } from "../../../config/queues.ts";
import { encodeRouting, type RoutingInput } from "../../../config/routing.ts";
import { SOURCE } from "./frames.ts";

const ROUTING = {
  environments: {
    production: { users: ["app_prod"] },
    staging: { users: ["app_staging", "stg_*"] },
    test: { users: ["app_test"] },
  },
  subscribers: { billing: { tables: ["shop.*"] } },
} satisfies RoutingInput;

/**
 * How long the functions wait for a queue, ms, unless a test says otherwise. It is long, because a
 * pause of this machine is not an outage: the product's patience would park messages.
 */
const PATIENCE_MS = 60_000;
/**
 * The timeout of a request, ms. After a shorter one a busy machine repeats requests that were
 * carried out: a table exists already, and a received message is not received again.
 */
const REQUEST_TIMEOUT_MS = 30_000;

/** The key of the hashes of masked values. */
export const FILTER_SECRET = "the secret of the tests";

/**
 * Tables, bucket and queues of one source in local AWS services, for tests of the functions.
 * Disposing ends all of it.
 */
export class Stage implements AsyncDisposable {
  readonly aws: LocalAws;
  /** The clock of SQS and of the functions. */
  readonly clock: LocalClock;
  readonly clients: Clients;
  readonly runtime: RetryRuntime;
  /** The name of the stack's source. */
  readonly source: string;
  readonly #environment: Record<string, string>;

  private constructor(aws: LocalAws, source: string, environment: Record<string, string>) {
    this.aws = aws;
    this.source = source;
    this.clock = aws.clock;
    this.#environment = environment;
    this.clients = this.newClients();
    this.runtime = this.runtimeWith(this.clients);
  }

  static async start(routing: RoutingInput = ROUTING, source = SOURCE): Promise<Stage> {
    const aws = await startLocalAws();
    const base = `${aws.endpoints.sqs}/${aws.accountId}`;
    const stage = new Stage(aws, source, {
      SOURCE_NAME: source,
      RAW_QUEUE_URL: `${base}/${rawQueueName(source)}`,
      ROUTING: encodeRouting(routing),
      OFFSETS_TABLE: "offsets",
      FAILURES_TABLE: "failures",
      SESSIONS_TABLE: "sessions",
      PAYLOAD_BUCKET: "payloads",
    });
    const { dynamodb, s3 } = stage.clients;
    await dynamodb.send(new CreateTableCommand(table("offsets", "id")));
    await dynamodb.send(new CreateTableCommand(table("sessions", "chunk")));
    await dynamodb.send(new CreateTableCommand(failuresTable()));
    await s3.send(new CreateBucketCommand({ Bucket: "payloads" }));
    for (const [environment, subscriber] of stage.pairs()) {
      await stage.createQueue(environmentQueueName(source, subscriber, environment));
    }
    return stage;
  }

  /** New clients with the settings of a function, except for the longer timeout. */
  newClients(part: "route" | "retry" = "route"): Clients {
    const { region, credentials, endpoints } = this.aws;
    const { sqs, dynamodb, s3 } = clientSettings(part, REQUEST_TIMEOUT_MS);
    const common = { region, credentials };
    return {
      sqs: withPlainBodies(new SQSClient({ ...sqs, ...common, endpoint: endpoints.sqs })),
      dynamodb: new DynamoDBClient({ ...dynamodb, ...common, endpoint: endpoints.dynamodb }),
      s3: new S3Client({ ...s3, ...common, endpoint: endpoints.s3 }),
    };
  }

  /** The runtime of a function after a cold start, unless the options say otherwise. */
  runtimeWith(
    clients: Clients,
    options: Partial<Pick<RuntimeOptions, "backoff" | "patience" | "filterSecret">> = {},
  ): RetryRuntime {
    return runtime({
      settings: parseFunctionSettings(this.#environment),
      clients,
      patience: fixedPatience(PATIENCE_MS),
      filterSecret: { value: FILTER_SECRET, isUnread: false },
      now: () => this.clock.now(),
      ...options,
    });
  }

  /**
   * Gives the functions another configuration, which later calls of `runtimeWith` use. It does not
   * create queues.
   */
  deploy(routing: RoutingInput): void {
    this.#environment["ROUTING"] = encodeRouting(routing);
  }

  /** The present items of all three tables, as in a backup. */
  async backUp(): Promise<ReadonlyMap<string, readonly Record<string, AttributeValue>[]>> {
    const tables = ["offsets", "sessions", "failures"].map(async (TableName) => {
      const { Items: items = [] } = await this.clients.dynamodb.send(
        new ScanCommand({ TableName, ConsistentRead: true }),
      );
      return [TableName, items] as const;
    });
    return new Map(await Promise.all(tables));
  }

  /**
   * Restores a backup into new tables and deploys the functions with these. Returns the new tables'
   * names.
   */
  async attachRestored(backup: Awaited<ReturnType<Stage["backUp"]>>): Promise<StackFile["tables"]> {
    const names = { offsets: "offsets-2", sessions: "sessions-2", failures: "failures-2" };
    const { dynamodb } = this.clients;
    await dynamodb.send(new CreateTableCommand(table(names.offsets, "id")));
    await dynamodb.send(new CreateTableCommand(table(names.sessions, "chunk")));
    await dynamodb.send(new CreateTableCommand({ ...failuresTable(), TableName: names.failures }));
    for (const [name, items] of backup) {
      for (const Item of items) {
        await dynamodb.send(new PutItemCommand({ TableName: `${name}-2`, Item }));
      }
    }
    this.#environment["OFFSETS_TABLE"] = names.offsets;
    this.#environment["SESSIONS_TABLE"] = names.sessions;
    this.#environment["FAILURES_TABLE"] = names.failures;
    return names;
  }

  /** The environment and the subscriber of each environment queue. */
  pairs(): [string, string][] {
    const { routing } = parseFunctionSettings(this.#environment);
    return environmentQueues({ name: this.source, ...routing }).map(
      ({ environment, subscriber }) => [environment, subscriber],
    );
  }

  get rawQueueUrl(): string {
    return this.queueUrl(rawQueueName(this.source));
  }

  /** Creates the raw queue and its dead-letter queue. */
  async createRawQueue(attributes: {
    visibilitySeconds: number;
    maxReceives: number;
  }): Promise<void> {
    const dead = rawQueueName(this.source).replace(".fifo", "-dead.fifo");
    await this.createQueue(dead);
    await this.createQueue(rawQueueName(this.source), {
      VisibilityTimeout: String(attributes.visibilitySeconds),
      RedrivePolicy: JSON.stringify({
        deadLetterTargetArn: `arn:aws:sqs:${this.aws.region}:${this.aws.accountId}:${dead}`,
        maxReceiveCount: attributes.maxReceives,
      }),
    });
  }

  queueUrl(queueName: string): string {
    return `${this.aws.endpoints.sqs}/${this.aws.accountId}/${queueName}`;
  }

  async createQueue(queueName: string, attributes: Record<string, string> = {}): Promise<void> {
    await this.clients.sqs.send(
      new CreateQueueCommand({
        QueueName: queueName,
        Attributes: {
          FifoQueue: "true",
          DeduplicationScope: "messageGroup",
          FifoThroughputLimit: "perMessageGroupId",
          ...attributes,
        },
      }),
    );
  }

  /** Makes SQS answer sends to an environment's queue with an error until the fault is removed. */
  breakQueue(environment: string, code: string, subscriber = "billing"): Fault {
    return this.aws.faults.add({
      service: "sqs",
      action: "SendMessage*",
      resource: environmentQueueName(this.source, subscriber, environment),
      effect: { kind: "error", code },
    });
  }

  /**
   * Receives and deletes everything in an environment's queue; returns it in the order received.
   */
  async receiveAll(environment: string, subscriber = "billing"): Promise<EnvironmentMessage[]> {
    const QueueUrl = this.queueUrl(environmentQueueName(this.source, subscriber, environment));
    const bodies: string[] = [];
    for (;;) {
      const { Messages: messages = [] } = await this.clients.sqs.send(
        new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }),
      );
      if (messages.length === 0)
        return bodies.map((body) => JSON.parse(body) as EnvironmentMessage);
      bodies.push(...messages.map(({ Body: body = "" }) => body));
      await this.clients.sqs.send(
        new DeleteMessageBatchCommand({
          QueueUrl,
          Entries: messages.map(({ ReceiptHandle }, index) => ({
            Id: String(index),
            ReceiptHandle,
          })),
        }),
      );
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of Object.values(this.clients)) client.destroy();
    await this.aws[Symbol.asyncDispose]();
  }
}

function table(name: string, key: string): CreateTableCommandInput {
  return {
    TableName: name,
    BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: [{ AttributeName: key, AttributeType: "S" }],
    KeySchema: [{ AttributeName: key, KeyType: "HASH" }],
  };
}

function failuresTable(): CreateTableCommandInput {
  const attributes: AttributeDefinition[] = [
    { AttributeName: "stream", AttributeType: "S" },
    { AttributeName: "position", AttributeType: "S" },
    { AttributeName: "due", AttributeType: "S" },
    { AttributeName: "nextAttempt", AttributeType: "N" },
  ];
  return {
    TableName: "failures",
    BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: attributes,
    KeySchema: [
      { AttributeName: "stream", KeyType: "HASH" },
      { AttributeName: "position", KeyType: "RANGE" },
    ],
    GlobalSecondaryIndexes: [
      {
        IndexName: "due",
        KeySchema: [
          { AttributeName: "due", KeyType: "HASH" },
          { AttributeName: "nextAttempt", KeyType: "RANGE" },
        ],
        Projection: { ProjectionType: "KEYS_ONLY" },
      },
    ],
  };
}
