import { Annotations } from "aws-cdk-lib";
import type { Alarm } from "aws-cdk-lib/aws-cloudwatch";
import { SubnetType } from "aws-cdk-lib/aws-ec2";
import { AlarmBehavior } from "aws-cdk-lib/aws-ecs";
import type { ManagedPolicy } from "aws-cdk-lib/aws-iam";
import { RetentionDays } from "aws-cdk-lib/aws-logs";
import type { ITopic } from "aws-cdk-lib/aws-sns";
import { Construct } from "constructs";
import { READER_USER } from "../../config/account-secret.ts";
import type { HostedConfiguration } from "../../config/configuration.ts";
import { CANARY_ENVIRONMENT, CANARY_SUBSCRIBER } from "../../config/canary-names.ts";
import { AccountSecret } from "./resources/account-secret.ts";
import { Canary } from "./resources/canary.ts";
import { closeToOthers } from "./resources/closed-to-others.ts";
import type { ConsumerPolicy } from "./resources/consumer-policy.ts";
import { EncryptionKey } from "./resources/encryption.ts";
import type { EnvironmentQueuePair } from "./resources/environment-queue-pair.ts";
import { consumerPolicies, consumersOf, queuePairs } from "./resources/environment-queues.ts";
import { FilterSecret } from "./resources/filter-secret.ts";
import { Monitoring } from "./monitoring/monitoring.ts";
import { OperatorPolicy } from "./resources/operator-policy.ts";
import { onlyOneInItsStack, ownsItsQueues } from "./other-routers.ts";
import { outputs } from "./outputs.ts";
import { PACKAGED_CODE } from "./parts-code.ts";
import { PayloadBucket } from "./resources/payload-bucket.ts";
import { RawQueue } from "./resources/raw-queue.ts";
import { ReaderService } from "./resources/reader-service.ts";
import { RetryStage } from "./resources/retry-stage.ts";
import { RouteStage } from "./resources/route-stage.ts";
import { configurationOf, type BinlogRouterProps } from "./router-props.ts";
import { framesAtOnce, functionSettings, needsFilterSecret, readerSettings } from "./settings.ts";
import { TracingPolicy } from "./resources/tracing-policy.ts";
import { Tables } from "./resources/tables.ts";

/**
 * Everything that one source needs: reader, raw queue, functions, tables, and the queues of its
 * environments. A stack contains one router, because operators' commands find its parts by the
 * stack's outputs. Throws ConfigError with all problems of the configuration.
 */
export class BinlogRouter extends Construct {
  readonly tables: Tables;
  readonly payloads: PayloadBucket;
  readonly raw: RawQueue;
  readonly pairs: readonly EnvironmentQueuePair[];
  readonly consumerPolicies: readonly ConsumerPolicy[];
  readonly operatorPolicy: OperatorPolicy;
  readonly tracingPolicy: TracingPolicy;
  readonly secret: AccountSecret;
  readonly reader: ReaderService;
  readonly route: RouteStage;
  readonly retry: RetryStage;
  /** Null when the configuration has no canary. */
  readonly canary: Canary | null;
  readonly monitoring: Monitoring;

  constructor(scope: Construct, id: string, props: BinlogRouterProps) {
    super(scope, id);
    onlyOneInItsStack(this);
    const config = configurationOf(scope, props);
    ownsItsQueues(this, config);
    const code = props.code ?? PACKAGED_CODE;
    const logRetention = retentionOf(config.retention.logDays);

    const givenKey = props.encryptionKey ?? config.encryptionKeyArn;
    const key = givenKey === undefined ? null : new EncryptionKey(this, "Encryption", givenKey);

    this.tables = new Tables(this, "Tables", config.restoredTables);
    this.payloads = new PayloadBucket(this, "Payloads", {
      retentionDays: config.retention.payloadDays,
      logDays: config.retention.logDays,
    });
    this.raw = new RawQueue(this, "Raw", {
      source: config.name,
      retentionDays: config.retention.queueDays,
    });
    const consumers = consumersOf(this, config);
    const surroundings = { consumers, payloads: this.payloads.bucket, key };
    this.pairs = queuePairs(this, config, surroundings);
    this.consumerPolicies = consumerPolicies(this, this.pairs, surroundings);
    this.operatorPolicy = new OperatorPolicy(this, "Operators", {
      source: config.name,
      tables: this.tables,
      payloads: this.payloads,
      raw: this.raw,
      key,
    });

    this.secret = new AccountSecret(this, "SourceSecret", {
      description: "The MySQL account of binlog-router's reader",
      username: READER_USER,
      host: config.source.host,
      port: config.source.port,
      secretArn: config.source.secretArn,
      secretKeyArn: config.source.secretKeyArn,
      existing: props.credentials,
    });
    const network = {
      vpc: props.vpc,
      vpcSubnets: props.vpcSubnets ?? { subnetType: SubnetType.PRIVATE_WITH_EGRESS },
      database: props.database ?? null,
    };
    this.reader = new ReaderService(this, "Reader", {
      code: code.reader,
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
      network,
      databasePort: config.source.port,
      logRetention,
    });

    const filterSecret = needsFilterSecret(config)
      ? new FilterSecret(this, "FilterSecret").secret
      : null;
    this.tracingPolicy = new TracingPolicy(this, "Tracing", {
      source: config.name,
      tables: this.tables,
      payloads: this.payloads,
      raw: this.raw,
      secret: this.secret,
      filterSecret,
      key,
    });
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
      code: code.route,
      raw: this.raw,
      lanes: config.lanes,
      framesAtOnce: framesAtOnce(config),
    });
    this.retry = new RetryStage(this, "Retry", { ...delivery, code: code.retry });
    // A later version's reader may write what an earlier version's functions cannot read.
    this.reader.service.node.addDependency(this.route.function, this.retry.function);

    const roles = [
      this.reader.taskDefinition.taskRole,
      this.route.function.executionRole,
      this.retry.function.executionRole,
    ];
    const listConsumers = [...consumers.values()].some(({ isClosed }) => isClosed);
    if (config.operators.length === 0 && listConsumers)
      Annotations.of(this).addWarningV2(
        "binlog-router:operators",
        "environments list consumers, so the raw queue, the payloads of frames and failures, the failures table and the offsets table are closed as well, because they hold values of rows of all environments. But no operators are listed, so nobody can run `failures`, `explain` and the runbook's commands. List the principals that run them under operators.",
      );
    if (config.restoredTables !== undefined && (config.operators.length > 0 || listConsumers))
      Annotations.of(this).addWarningV2(
        "binlog-router:restored-tables",
        "consumers or operators are listed, but the stack cannot set the policies of restoredTables. After this deployment, give the offsets and the failures table the resource policies of the stack's own ones again: docs/deploying.md, The router's own tables.",
      );
    closeToOthers(
      this,
      consumers,
      config.operators,
      roles.map(({ roleArn }) => roleArn),
    );
    for (const role of roles) key?.grantUse(role);

    this.canary =
      config.canary === undefined
        ? null
        : new Canary(this, "Canary", {
            settings: config.canary,
            source: config.source,
            name: config.name,
            code: code.canary,
            pair: this.queue(CANARY_SUBSCRIBER, CANARY_ENVIRONMENT),
            network,
            key,
            logRetention,
          });

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
      hasCanary: this.canary !== null,
    });

    // ECS rolls back a version whose readers run but cannot read. It ignores an alarm that rang
    // before the deployment.
    const { rollout } = this.monitoring.alarms;
    this.reader.service.enableDeploymentAlarms([rollout.name], {
      behavior: AlarmBehavior.ROLLBACK_ON_ALARM,
    });
    this.reader.service.node.addDependency(rollout.alarm);

    outputs(this, this, filterSecret);
    key?.encrypt(this);
  }

  /**
   * A subscriber's queue in an environment, with its dead-letter queue. Throws RangeError when
   * there is none.
   */
  queue(subscriber: string, environment: string): EnvironmentQueuePair {
    const pair = this.pairs.find(
      ({ names }) => names.subscriber === subscriber && names.environment === environment,
    );
    if (pair !== undefined) return pair;
    const there = this.pairs.map(({ names }) => `${names.subscriber} in ${names.environment}`);
    throw new RangeError(
      `there is no queue of ${subscriber} in ${environment}; there are ${there.join(", ")}`,
    );
  }

  /** The policy for applications' roles in an environment. Throws RangeError when there is none. */
  consumerPolicy(environment: string): ManagedPolicy {
    const found = this.consumerPolicies.find((one) => one.environment === environment);
    if (found === undefined) throw new RangeError(`no queues in the environment ${environment}`);
    return found.policy;
  }

  /** All alarms, including those of the queues. */
  get alarms(): readonly Alarm[] {
    return this.monitoring.alarms.all;
  }

  /** The topic of all alarms but those of environments with a topic of their own. */
  get alarmTopic(): ITopic {
    return this.monitoring.topic.topic;
  }

  /** The topic of urgent alarms: every environment waits, or changes will soon be lost. */
  get urgentAlarmTopic(): ITopic {
    return this.monitoring.urgentTopic.topic;
  }
}

/** The `RetentionDays` of a number of days. */
function retentionOf(logDays: HostedConfiguration["retention"]["logDays"]): RetentionDays {
  return RetentionDays[RetentionDays[logDays] as keyof typeof RetentionDays];
}
