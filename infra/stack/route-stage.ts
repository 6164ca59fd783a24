import { Duration } from "aws-cdk-lib";
import { SqsEventSource } from "aws-cdk-lib/aws-lambda-event-sources";
import type { RetentionDays } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import {
  FAILURE_PAYLOAD_PREFIX,
  FRAME_PAYLOAD_PREFIX,
  MESSAGE_PAYLOAD_PREFIX,
} from "../../wire/payloads.ts";
import type { EnvironmentQueuePair } from "./environment-queue-pair.ts";
import { grantItems, grantPayloads } from "./grants.ts";
import type { PayloadBucket } from "./payload-bucket.ts";
import type { RawQueue } from "./raw-queue.ts";
import { RouterFunction } from "./router-function.ts";
import type { Tables } from "./tables.ts";

export interface RouteStageProps {
  readonly raw: RawQueue;
  readonly pairs: readonly EnvironmentQueuePair[];
  readonly tables: Tables;
  readonly payloads: PayloadBucket;
  readonly lanes: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly logRetention: RetentionDays;
}

/** Finds each change's author and sends it to the queues of the author's environment. */
export class RouteStage extends Construct {
  readonly function: RouterFunction;

  constructor(scope: Construct, id: string, props: RouteStageProps) {
    super(scope, id);
    this.function = new RouterFunction(this, "Function", {
      part: "route",
      description: "Attributes and routes the frames of the raw queue",
      environment: props.environment,
      timeout: Duration.seconds(30),
      memoryMb: 1024,
      logRetention: props.logRetention,
    });
    this.function.addEventSource(
      new SqsEventSource(props.raw.queue, {
        batchSize: 10,
        reportBatchItemFailures: true,
        // Lambda runs one invocation per message group, so more than one per lane never happens; 2 is Lambda's minimum.
        maxConcurrency: Math.max(2, props.lanes),
      }),
    );
    const { tables, payloads, pairs } = props;
    grantItems(tables.offsets, this.function, ["GetItem", "PutItem", "UpdateItem"]);
    grantItems(tables.sessions, this.function, ["GetItem", "BatchGetItem"]);
    grantItems(tables.failures, this.function, ["GetItem", "PutItem", "UpdateItem"]);
    for (const { queue } of pairs) queue.grantSendMessages(this.function);
    grantPayloads(
      payloads.bucket,
      this.function.executionRole,
      ["PutObject"],
      [MESSAGE_PAYLOAD_PREFIX, FAILURE_PAYLOAD_PREFIX],
    );
    grantPayloads(
      payloads.bucket,
      this.function.executionRole,
      ["GetObject"],
      [FRAME_PAYLOAD_PREFIX],
    );
  }
}
