import { SQSClient } from "@aws-sdk/client-sqs";
import type { AnyTables, TableRows } from "./change.ts";
import { SubscriptionSettingsError } from "./errors.ts";
import { findQueue, listEnvironmentQueues } from "./find-queue.ts";
import {
  allChanges,
  eachChange,
  type AnyHandler,
  type BatchHandler,
  type ChangeHandler,
} from "./handler.ts";
import { MessageProcessor } from "./message-processor.ts";
import { MessageReader } from "./message-reader.ts";
import {
  resolveSettings,
  settingsProblems,
  type Settings,
  type SubscribeOptions,
} from "./options.ts";
import { Payloads } from "./payload.ts";
import { SqsQueue } from "./sqs-queue.ts";
import { startSubscription, type Subscription } from "./subscription.ts";

/**
 * Begins to deliver an environment's changes to `handler`: in order within a message group, several
 * groups in parallel. Resolves when the queue is found. Throws SubscriptionSettingsError,
 * QueueNotFoundError, or what the AWS SDK throws.
 */
export function subscribe<Tables extends TableRows = AnyTables, Transaction = undefined>(
  subscriber: string,
  handler: ChangeHandler<Tables, Transaction>,
  options?: SubscribeOptions<Tables, Transaction> & { readonly batch?: false | undefined },
): Promise<Subscription>;
/** The same for a handler that gets all changes of a message together. */
export function subscribe<Tables extends TableRows = AnyTables, Transaction = undefined>(
  subscriber: string,
  handler: BatchHandler<Tables, Transaction>,
  options: SubscribeOptions<Tables, Transaction> & { readonly batch: true },
): Promise<Subscription>;
export async function subscribe<Tables extends TableRows, Transaction>(
  subscriber: string,
  handler: ChangeHandler<Tables, Transaction> | BatchHandler<Tables, Transaction>,
  options: SubscribeOptions<Tables, Transaction> & { readonly batch?: boolean | undefined } = {},
): Promise<Subscription> {
  const anyHandler =
    options.batch === true
      ? allChanges(handler as BatchHandler<Tables, Transaction>)
      : eachChange(handler as ChangeHandler<Tables, Transaction>);
  return start(subscriber, anyHandler, options);
}

async function start<Tables extends TableRows, Transaction>(
  subscriber: string,
  handler: AnyHandler<Transaction>,
  options: SubscribeOptions<Tables, Transaction>,
): Promise<Subscription> {
  const settings = resolveSettings(subscriber, options, process.env);
  const sqs = options.sqs ?? new SQSClient();
  const payloads = new Payloads(options.s3);
  const release = (): void => {
    if (options.sqs === undefined) sqs.destroy();
    payloads.release();
  };
  let queueUrl: string;
  try {
    queueUrl = await queueOf(settings, sqs, options.signal);
  } catch (error) {
    release();
    throw error;
  }
  const processor = new MessageProcessor({
    handler,
    reader: new MessageReader(payloads, settings),
    positions: settings.positions,
    schemas: settings.schemas,
    queueUrl,
    around: options.around,
  });
  return startSubscription({
    queue: new SqsQueue(sqs, queueUrl),
    settings,
    processor,
    events: options,
    signal: options.signal,
    release,
  });
}

/** Throws SubscriptionSettingsError, QueueNotFoundError, or what the AWS SDK throws. */
async function queueOf(
  settings: Settings,
  sqs: SQSClient,
  signal: AbortSignal | undefined,
): Promise<string> {
  const { source, subscriber, environment, queueUrl } = settings;
  const problems = settingsProblems(settings);
  if (problems.length > 0) {
    const prefix = source === "" ? undefined : source;
    throw new SubscriptionSettingsError(problems, await listEnvironmentQueues(sqs, prefix));
  }
  return queueUrl ?? findQueue(sqs, { source, subscriber, environment }, signal);
}
