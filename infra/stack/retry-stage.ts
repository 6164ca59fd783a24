import { Duration } from "aws-cdk-lib";
import { Rule, Schedule } from "aws-cdk-lib/aws-events";
import { LambdaFunction } from "aws-cdk-lib/aws-events-targets";
import type { RetentionDays } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import {
  FAILURE_PAYLOAD_PREFIX,
  FRAME_PAYLOAD_PREFIX,
  MESSAGE_PAYLOAD_PREFIX,
} from "../../wire/payloads.ts";
import type { EnvironmentQueuePair } from "./environment-queue-pair.ts";
import { grantIndexQuery, grantItems, grantPayloads } from "./grants.ts";
import type { PayloadBucket } from "./payload-bucket.ts";
import { RouterFunction } from "./router-function.ts";
import { FAILURES_DUE_INDEX, type Tables } from "./tables.ts";

export interface RetryStageProps {
  readonly pairs: readonly EnvironmentQueuePair[];
  readonly tables: Tables;
  readonly payloads: PayloadBucket;
  readonly environment: Readonly<Record<string, string>>;
  readonly logRetention: RetentionDays;
}

/** Delivers what was parked, in order, every minute. */
export class RetryStage extends Construct {
  readonly function: RouterFunction;
  readonly schedule: Rule;

  constructor(scope: Construct, id: string, props: RetryStageProps) {
    super(scope, id);
    this.function = new RouterFunction(this, "Function", {
      part: "retry",
      description: "Delivers parked changes, in order",
      environment: props.environment,
      // Ends before the next run begins.
      timeout: Duration.seconds(55),
      memoryMb: 512,
      logRetention: props.logRetention,
    });
    this.schedule = new Rule(this, "Schedule", {
      description: "Runs the retry function of binlog-router",
      schedule: Schedule.rate(Duration.minutes(1)),
      targets: [
        // The next minute's run does what this one could not.
        new LambdaFunction(this.function, { retryAttempts: 0, maxEventAge: Duration.minutes(1) }),
      ],
    });
    const { tables, payloads, pairs } = props;
    grantItems(tables.failures, this.function, [
      "DeleteItem",
      "GetItem",
      "PutItem",
      "Query",
      "UpdateItem",
    ]);
    grantIndexQuery(tables.failures, this.function, FAILURES_DUE_INDEX);
    grantItems(tables.sessions, this.function, ["GetItem", "BatchGetItem"]);
    for (const { queue } of pairs) queue.grantSendMessages(this.function);
    grantPayloads(
      payloads.bucket,
      this.function.executionRole,
      ["GetObject", "PutObject"],
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
