import type { S3Client } from "@aws-sdk/client-s3";
import type { SQSClient } from "@aws-sdk/client-sqs";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { backoffMs } from "../wire/backoff.ts";
import type { AnyTables, TableRows } from "./change.ts";
import type { SubscriptionEvents } from "./events.ts";
import { DefaultPositionStore, type AnyPositionStore } from "./position-store.ts";
import type { Schemas } from "./validate.ts";

/**
 * The options of a subscription. All are optional; undefined means the default. Clients that are
 * left out are made without arguments: region, endpoint and credentials come from the AWS SDK's
 * defaults.
 */
export interface SubscribeOptions<
  Tables extends TableRows = AnyTables,
  Transaction = undefined,
> extends SubscriptionEvents {
  /** The environment whose changes to receive. Default: the variable `APP_ENV`. */
  readonly environment?: string | undefined;
  /** The `name` in the router's configuration. Default: the variable `BINLOG_ROUTER_SOURCE`. */
  readonly source?: string | undefined;
  /**
   * The queue's URL, for a queue that cannot be found by its name, for example in another account.
   */
  readonly queueUrl?: string | undefined;
  readonly sqs?: SQSClient | undefined;
  /** The client that fetches messages too large for SQS. */
  readonly s3?: S3Client | undefined;
  /** How many message groups are handled at the same time. Default 10. */
  readonly concurrency?: number | undefined;
  /**
   * How long SQS hides a message unless its timeout is extended, seconds. A killed process blocks
   * its groups for this long. Default 30.
   */
  readonly visibilityTimeoutSeconds?: number | undefined;
  /** How long a receive waits for messages, seconds, at most 20. Default 20. */
  readonly waitTimeSeconds?: number | undefined;
  /**
   * Seconds until a failed message is retried, by the number of its receives. Default: 1, 2, 4, …
   * up to 15 minutes, each up to a quarter shorter at random.
   */
  readonly backoffSeconds?: ((receiveCount: number) => number) | undefined;
  /** Where positions are kept. Default: in memory. */
  readonly positions?: AnyPositionStore<Transaction> | undefined;
  /**
   * Validators of rows (zod, valibot, arktype, …) by `database.table`. The handler gets the rows
   * that they return.
   */
  readonly schemas?:
    | { readonly [Table in keyof Tables]: StandardSchemaV1<unknown, Tables[Table]> }
    | undefined;
  /** Its abort stops the subscription like `stop()`. */
  readonly signal?: AbortSignal | undefined;
}

/** A subscription's settings with every default filled in. */
export interface Settings<Transaction = unknown> {
  readonly source: string;
  readonly subscriber: string;
  readonly environment: string;
  readonly queueUrl: string | undefined;
  readonly concurrency: number;
  readonly visibilitySeconds: number;
  readonly waitSeconds: number;
  readonly backoffSeconds: (receiveCount: number) => number;
  readonly positions: AnyPositionStore<Transaction>;
  readonly schemas: Schemas | undefined;
}

/** The problems with the options and variables; empty when there are none. */
export function settingsProblems(settings: Settings): string[] {
  const { concurrency, visibilitySeconds, waitSeconds } = settings;
  return [
    settings.subscriber === "" && "the subscriber's name is empty: pass the name to `subscribe`",
    settings.queueUrl === undefined &&
      settings.environment === "" &&
      "the environment is missing: set the variable APP_ENV or the option `environment`",
    settings.queueUrl === undefined &&
      settings.source === "" &&
      "the source is missing: set the variable BINLOG_ROUTER_SOURCE or the option `source` to the `name` in the router's configuration",
    !(Number.isSafeInteger(concurrency) && concurrency >= 1) &&
      "`concurrency` must be a whole number of at least 1",
    !(
      Number.isSafeInteger(visibilitySeconds) &&
      visibilitySeconds >= 1 &&
      visibilitySeconds <= 43_200
    ) && "`visibilityTimeoutSeconds` must be a whole number from 1 to 43200",
    !(Number.isSafeInteger(waitSeconds) && waitSeconds >= 0 && waitSeconds <= 20) &&
      "`waitTimeSeconds` must be a whole number from 0 to 20",
  ].filter((problem) => problem !== false);
}

/** The settings with every default filled in; a missing name is an empty text. */
export function resolveSettings<Tables extends TableRows, Transaction>(
  subscriber: string,
  options: SubscribeOptions<Tables, Transaction>,
  env: NodeJS.ProcessEnv,
): Settings<Transaction> {
  return {
    source: options.source ?? env["BINLOG_ROUTER_SOURCE"] ?? "",
    subscriber,
    environment: options.environment ?? env["APP_ENV"] ?? "",
    queueUrl: options.queueUrl,
    concurrency: options.concurrency ?? 10,
    visibilitySeconds: options.visibilityTimeoutSeconds ?? 30,
    waitSeconds: options.waitTimeSeconds ?? 20,
    backoffSeconds: options.backoffSeconds ?? exponentialBackoff,
    positions: options.positions ?? new DefaultPositionStore(),
    schemas: options.schemas,
  };
}

/**
 * Seconds until a message is retried after its `receiveCount`th attempt: 1, 2, 4, … up to 15
 * minutes, each up to a quarter shorter at random.
 */
export function exponentialBackoff(receiveCount: number, random?: () => number): number {
  const options = { spread: 0.25, ...(random !== undefined && { random }) };
  return backoffMs(receiveCount - 1, 1000, 900_000, options) / 1000;
}
