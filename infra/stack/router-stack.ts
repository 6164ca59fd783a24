import { Stack, type StackProps } from "aws-cdk-lib";
import { AlarmBehavior } from "aws-cdk-lib/aws-ecs";
import { RetentionDays } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import type { DeployableConfiguration } from "../../config/configuration.ts";
import { environmentQueues } from "../../config/queues.ts";
import { closeToOthers } from "./resources/closed-to-others.ts";
import { ConsumerPolicy } from "./resources/consumer-policy.ts";
import { DatabaseNetwork } from "./resources/database-network.ts";
import { EnvironmentQueuePair } from "./resources/environment-queue-pair.ts";
import { FilterSecret } from "./resources/filter-secret.ts";
import { Monitoring } from "./monitoring/monitoring.ts";
import { outputs } from "./outputs.ts";
import { PayloadBucket } from "./resources/payload-bucket.ts";
import { RawQueue } from "./resources/raw-queue.ts";
import { ReaderService } from "./resources/reader-service.ts";
import { RetryStage } from "./resources/retry-stage.ts";
import { RouteStage } from "./resources/route-stage.ts";
import { framesAtOnce, functionSettings, needsFilterSecret, readerSettings } from "./settings.ts";
import { SourceSecret } from "./resources/source-secret.ts";
import { Tables } from "./resources/tables.ts";

export interface RouterStackProps extends StackProps {
  readonly config: DeployableConfiguration;
}

/** Everything that one source needs: reader, raw queue, functions, tables, and the queues of its environments. */
export class RouterStack extends Stack {
  readonly tables: Tables;
  readonly payloads: PayloadBucket;
  readonly raw: RawQueue;
  readonly pairs: readonly EnvironmentQueuePair[];
  readonly consumerPolicies: readonly ConsumerPolicy[];
  readonly secret: SourceSecret;
  readonly reader: ReaderService;
  readonly route: RouteStage;
  readonly retry: RetryStage;
  readonly monitoring: Monitoring;

  constructor(scope: Construct, id: string, { config, ...props }: RouterStackProps) {
    super(scope, id, {
      description: `binlog-router for the source ${config.name}`,
      // `cdk destroy` deletes the queues with their messages: it needs a second, deliberate act.
      terminationProtection: true,
      ...props,
    });
    const logRetention = retentionOf(config.retention.logDays);

    this.tables = new Tables(this, "Tables");
    this.payloads = new PayloadBucket(this, "Payloads", {
      retentionDays: config.retention.payloadDays,
      logDays: config.retention.logDays,
    });
    this.raw = new RawQueue(this, "Raw", {
      source: config.name,
      retentionDays: config.retention.queueDays,
    });
    this.pairs = queuePairs(this, config);
    this.consumerPolicies = consumerPolicies(this, config);

    this.secret = new SourceSecret(this, "SourceSecret", config.source);
    this.reader = new ReaderService(this, "Reader", {
      raw: this.raw,
      tables: this.tables,
      payloads: this.payloads.bucket,
      secret: this.secret,
      environment: readerSettings(
        config,
        this.secret.secret,
        this.raw.queue,
        this.tables,
        this.payloads.bucket,
      ),
      network: new DatabaseNetwork(this, "Network", config.network),
      databasePort: config.source.port,
      logRetention,
    });

    const filterSecret = needsFilterSecret(config)
      ? new FilterSecret(this, "FilterSecret").secret
      : null;
    const delivery = {
      pairs: this.pairs,
      tables: this.tables,
      payloads: this.payloads,
      filterSecret,
      environment: functionSettings(
        config,
        this.raw.queue,
        this.tables,
        this.payloads.bucket,
        filterSecret,
      ),
      logRetention,
    };
    this.route = new RouteStage(this, "Route", {
      ...delivery,
      raw: this.raw,
      lanes: config.lanes,
      framesAtOnce: framesAtOnce(config),
    });
    this.retry = new RetryStage(this, "Retry", delivery);
    // A later version's reader may write what an earlier version's functions cannot read.
    this.reader.service.node.addDependency(this.route.function, this.retry.function);

    closeToOthers(this, config, [
      this.reader.taskDefinition.taskRole.roleArn,
      this.route.function.executionRole.roleArn,
      this.retry.function.executionRole.roleArn,
    ]);

    this.monitoring = new Monitoring(this, "Monitoring", {
      source: config.name,
      settings: config.alarms,
      environments: config.environments,
      reader: this.reader,
      raw: this.raw,
      route: this.route.function,
      retry: this.retry.function,
      pairs: this.pairs,
      tables: this.tables,
    });

    // A version whose readers stay up and cannot read is rolled back; ECS ignores an alarm that rang before the deployment.
    const { rollout } = this.monitoring.alarms;
    this.reader.service.enableDeploymentAlarms([rollout.name], {
      behavior: AlarmBehavior.ROLLBACK_ON_ALARM,
    });
    this.reader.service.node.addDependency(rollout.alarm);

    outputs(this, this);
  }
}

/** The stack of one source, under the name that operators' commands take: `binlog-router-<name>`. */
export function routerStack(scope: Construct, config: DeployableConfiguration): RouterStack {
  return new RouterStack(scope, `binlog-router-${config.name}`, { config });
}

/** CloudWatch's retention of this many days. */
function retentionOf(logDays: DeployableConfiguration["retention"]["logDays"]): RetentionDays {
  return RetentionDays[RetentionDays[logDays] as keyof typeof RetentionDays];
}

function queuePairs(stack: RouterStack, config: DeployableConfiguration): EnvironmentQueuePair[] {
  return environmentQueues(config).map((names) => {
    const subscriber = config.subscribers[names.subscriber];
    if (subscriber === undefined) throw new RangeError(`no subscriber ${names.subscriber}`);
    return new EnvironmentQueuePair(stack, `${names.subscriber}-${names.environment}`, {
      names,
      visibilitySeconds: subscriber.visibilitySeconds,
      maxReceives: subscriber.maxReceives,
      retentionDays: config.retention.queueDays,
      consumers: config.environments[names.environment]?.consumers ?? [],
      operators: config.operators,
    });
  });
}

function consumerPolicies(stack: RouterStack, config: DeployableConfiguration): ConsumerPolicy[] {
  return [...Map.groupBy(stack.pairs, ({ names }) => names.environment)].map(
    ([environment, pairs]) =>
      new ConsumerPolicy(stack, `Consumers-${environment}`, {
        environment,
        pairs,
        payloads: stack.payloads.bucket,
        consumers: config.environments[environment]?.consumers ?? [],
      }),
  );
}
