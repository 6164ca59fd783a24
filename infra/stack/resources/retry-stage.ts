import { Duration } from "aws-cdk-lib";
import { Rule, Schedule } from "aws-cdk-lib/aws-events";
import { LambdaFunction } from "aws-cdk-lib/aws-events-targets";
import { Construct } from "constructs";
import { DUE_INDEX } from "../../../wire/names.ts";
import { FAILURE_PAYLOAD_PREFIX } from "../../../wire/payloads.ts";
import { grantDelivery, type DeliveryProps } from "./delivery.ts";
import { grantIndexQuery, grantItems, grantPayloads } from "./grants.ts";
import { RouterFunction } from "./router-function.ts";

/** Every minute, delivers parked changes in order. */
export class RetryStage extends Construct {
  readonly function: RouterFunction;
  readonly schedule: Rule;

  constructor(scope: Construct, id: string, props: DeliveryProps) {
    super(scope, id);
    this.function = new RouterFunction(this, "Function", {
      part: "retry",
      code: props.code,
      description: "Delivers parked changes, in order",
      environment: props.environment,
      // Ends before the next invocation begins.
      timeout: Duration.seconds(55),
      memoryMb: 512,
      logRetention: props.logRetention,
    });
    // The settings of the rule's target apply only until Lambda has accepted the event.
    this.function.configureAsyncInvoke({ retryAttempts: 0, maxEventAge: Duration.minutes(1) });
    this.schedule = new Rule(this, "Schedule", {
      description: "Runs the retry function of binlog-router",
      schedule: Schedule.rate(Duration.minutes(1)),
      targets: [
        // No retries: the next minute's invocation does the work that this one could not.
        new LambdaFunction(this.function, { retryAttempts: 0, maxEventAge: Duration.minutes(1) }),
      ],
    });
    grantDelivery(this.function, props);
    const { tables, payloads } = props;
    grantItems(tables.failures, this.function, ["Query"]);
    grantIndexQuery(tables.failures, this.function, DUE_INDEX);
    const { executionRole } = this.function;
    grantPayloads(payloads.bucket, executionRole, "GetObject", FAILURE_PAYLOAD_PREFIX);
  }
}
