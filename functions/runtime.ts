import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { S3Client } from "@aws-sdk/client-s3";
import type { SQSClient } from "@aws-sdk/client-sqs";
import { payloadBucket, type PayloadBucket } from "./aws/payload-bucket.ts";
import { parkedStreams } from "./delivery/hand-over.ts";
import { lanesTable } from "./delivery/lanes-table.ts";
import type { Patience } from "./delivery/patience.ts";
import { queueSender } from "./delivery/queue-sender.ts";
import { bodyStore, type BodyStore } from "./failures/body-store.ts";
import { routeItems } from "./failures/route-items.ts";
import type { FanOutRules } from "./message/fan-out.ts";
import { BACKOFF, type Backoff } from "./retry/drain.ts";
import type { RouteEffects } from "./route/route-frames.ts";
import { environmentOf } from "./routing/environments.ts";
import { subscriptionsOf } from "./routing/subscriptions.ts";
import { lookUp } from "./sessions/look-up.ts";
import type { FunctionSettings } from "./settings.ts";

export interface Clients {
  readonly sqs: SQSClient;
  readonly dynamodb: DynamoDBClient;
  readonly s3: S3Client;
}

/** What both functions work with. */
export interface Runtime {
  readonly settings: FunctionSettings;
  readonly clients: Clients;
  readonly rules: FanOutRules;
  readonly effects: RouteEffects;
  readonly bodies: BodyStore;
  readonly payloads: PayloadBucket;
  readonly backoff: Backoff;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export interface RuntimeOptions {
  readonly settings: FunctionSettings;
  readonly clients: Clients;
  /** With the queues. */
  readonly patience: Patience;
  readonly backoff?: Backoff;
  readonly now?: () => number;
}

/** Ties the decisions to the tables, queues and the bucket that the settings name. */
export function runtime({
  settings,
  clients,
  patience,
  backoff = BACKOFF,
  now = Date.now,
}: RuntimeOptions): Runtime {
  const { source, routing, rawQueueUrl, failuresTable, sessionsTable, offsetsTable } = settings;
  const payloads = payloadBucket(clients.s3, settings.payloadBucket);
  const bodies = bodyStore(payloads);
  const client = clients.dynamodb;
  const items = routeItems({
    client,
    table: failuresTable,
    bodies,
    now,
    firstDelayMs: backoff.baseMs,
  });
  return {
    settings,
    clients,
    rules: {
      environmentOf: environmentOf(routing),
      subscriptions: subscriptionsOf(source, routing),
      now,
    },
    effects: {
      lanes: lanesTable(client, offsetsTable),
      streams: parkedStreams(items),
      sender: queueSender({ client: clients.sqs, rawQueueUrl, payloads, patience }),
      lookUp: lookUp({ client, sessionsTable, failuresTable }),
    },
    bodies,
    payloads,
    backoff,
    now,
  };
}
