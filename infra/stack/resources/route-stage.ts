import { Duration } from "aws-cdk-lib";
import { SqsEventSource } from "aws-cdk-lib/aws-lambda-event-sources";
import { Construct } from "constructs";
import { grantDelivery, type DeliveryProps } from "./delivery.ts";
import type { RawQueue } from "./raw-queue.ts";
import { RouterFunction } from "./router-function.ts";

export interface RouteStageProps extends DeliveryProps {
  readonly raw: RawQueue;
  readonly lanes: number;
  /** The most frames in one invocation; its timeout must suffice for all of them. */
  readonly framesAtOnce: number;
}

/** Finds each change's author and sends it to the queues of the author's environment. */
export class RouteStage extends Construct {
  readonly function: RouterFunction;

  constructor(scope: Construct, id: string, props: RouteStageProps) {
    super(scope, id);
    this.function = new RouterFunction(this, "Function", {
      part: "route",
      code: props.code,
      description: "Attributes and routes the frames of the raw queue",
      environment: props.environment,
      timeout: Duration.seconds(30),
      memoryMb: 1024,
      logRetention: props.logRetention,
    });
    this.function.addEventSource(
      new SqsEventSource(props.raw.queue, {
        batchSize: props.framesAtOnce,
        reportBatchItemFailures: true,
        // Lambda runs one invocation per message group, so at most one per lane. 2 is Lambda's
        // minimum.
        maxConcurrency: Math.max(2, props.lanes),
      }),
    );
    grantDelivery(this.function, props);
  }
}
