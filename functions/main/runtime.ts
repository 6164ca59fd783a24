import { payloadBucket } from "../aws/payload-bucket.ts";
import type { Clients } from "../aws/clients.ts";
import type { FilterSecret } from "../aws/filter-secret.ts";
import { findClosed, readSoon } from "../delivery/closed-streams.ts";
import { parkedStreams } from "../delivery/hand-over.ts";
import { dropNotes } from "../delivery/dropped-snapshots.ts";
import { lanesTable } from "../delivery/lanes-table.ts";
import type { Patience } from "../delivery/patience.ts";
import { queueSender } from "../delivery/queue-sender.ts";
import { bodyStore } from "../failures/body-store.ts";
import { retryItems } from "../failures/retry-items.ts";
import { routeItems } from "../failures/route-items.ts";
import { BACKOFF, type Backoff } from "../retry/drain.ts";
import { UNKNOWN_BACKOFF } from "../retry/unknown-threads.ts";
import type { RetryRuntime } from "../retry/retry-handler.ts";
import { filtersOf, filtersWithoutSecret } from "../filters/filters.ts";
import { remembered } from "../ground/remembered.ts";
import { environmentOf } from "../routing/environments.ts";
import { queueEnvironment } from "../routing/queue-environment.ts";
import { subscriptionsOf } from "../routing/subscriptions.ts";
import { lookUp } from "../sessions/look-up.ts";
import type { FunctionSettings } from "./settings.ts";

export interface RuntimeOptions {
  readonly settings: FunctionSettings;
  readonly clients: Clients;
  readonly filterSecret: Pick<FilterSecret, "value" | "isUnread">;
  /** How long sends to queues may take. */
  readonly patience: Patience;
  readonly backoff?: Backoff;
  readonly unknownBackoff?: Backoff;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/**
 * Connects the decisions to the tables, queues and bucket in the settings, for the route and the
 * retry function.
 */
export function runtime({
  settings,
  clients,
  filterSecret,
  patience,
  backoff = BACKOFF,
  unknownBackoff = UNKNOWN_BACKOFF,
  now = Date.now,
}: RuntimeOptions): RetryRuntime {
  const { source, routing, rawQueueUrl, failuresTable, sessionsTable, offsetsTable } = settings;
  const payloads = payloadBucket(clients.s3, settings.payloadBucket);
  const bodies = bodyStore(payloads);
  const client = clients.dynamodb;
  const failures = { client, table: failuresTable, now };
  const withoutSecret = remembered(() => filtersWithoutSecret(routing));
  const withSecret = remembered(() => filtersOf(routing, filterSecret.value));
  const filters = () => (filterSecret.isUnread ? withoutSecret() : withSecret());
  // An unusable configuration keeps the function from starting.
  filters();
  const streams = routeItems({ ...failures, bodies, firstDelayMs: backoff.baseMs });
  return {
    source,
    rules: {
      environmentOf: environmentOf(routing),
      subscriptions: subscriptionsOf(source, routing),
      get filters() {
        return filters();
      },
      now,
    },
    effects: {
      lanes: lanesTable(client, offsetsTable),
      streams: parkedStreams(streams),
      findClosed: findClosed(readSoon(streams), now),
      sender: queueSender({ client: clients.sqs, rawQueueUrl, payloads, patience }),
      noteDropped: dropNotes(client, offsetsTable),
      lookUp: lookUp({ client, sessionsTable, failuresTable }),
    },
    items: retryItems(failures),
    queueEnvironment: queueEnvironment(source, routing),
    bodies,
    payloads,
    backoff,
    unknownBackoff,
    now,
  };
}
