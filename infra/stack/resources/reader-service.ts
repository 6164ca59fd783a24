import { Duration, RemovalPolicy } from "aws-cdk-lib";
import type { SecurityGroup } from "aws-cdk-lib/aws-ec2";
import { Platform } from "aws-cdk-lib/aws-ecr-assets";
import {
  AwsLogDriverMode,
  Cluster,
  ContainerImage,
  ContainerInsights,
  CpuArchitecture,
  FargateService,
  FargateTaskDefinition,
  LogDrivers,
  OperatingSystemFamily,
  type ICluster,
} from "aws-cdk-lib/aws-ecs";
import { LogGroup, type RetentionDays } from "aws-cdk-lib/aws-logs";
import type { Bucket } from "aws-cdk-lib/aws-s3";
import { Construct } from "constructs";
import { FRAME_PAYLOAD_PREFIX, XA_PAYLOAD_PREFIX } from "../../../wire/payloads.ts";
import { acknowledge } from "./acknowledge.ts";
import { grantAbsence, grantItems, grantPayloads, grantSends } from "./grants.ts";
import { markPart } from "./part.ts";
import type { RawQueue } from "./raw-queue.ts";
import type { AccountSecret } from "./account-secret.ts";
import { sourceClient, type SourceNetwork } from "./source-network.ts";
import type { Tables } from "./tables.ts";

export interface ReaderServiceProps {
  /** The folder that the image is built from. */
  readonly code: string;
  readonly raw: RawQueue;
  readonly tables: Tables;
  readonly payloads: Bucket;
  readonly secret: AccountSecret;
  readonly environment: Readonly<Record<string, string>>;
  readonly network: SourceNetwork;
  readonly databasePort: number;
  readonly logRetention: RetentionDays;
}

const ENTRY = "reader/main.ts";
const HEALTH_PORT = 8080;
const HEALTH_CHECK = `fetch("http://127.0.0.1:${HEALTH_PORT}/").then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))`;

/** The reader, in containers beside the database: one task reads, the other waits for the lease. */
export class ReaderService extends Construct {
  readonly taskDefinition: FargateTaskDefinition;
  readonly service: FargateService;
  readonly securityGroup: SecurityGroup;

  constructor(scope: Construct, id: string, props: ReaderServiceProps) {
    super(scope, id);
    this.taskDefinition = this.#task(props);
    this.#grant(props);
    this.securityGroup = sourceClient(this, "SecurityGroup", {
      name: "reader",
      network: props.network,
      databasePort: props.databasePort,
    });
    this.service = new FargateService(this, "Service", {
      // Not assignable to ICluster without the cast: CDK declares optional properties without `|
      // undefined`.
      cluster: new Cluster(this, "Cluster", {
        vpc: props.network.vpc,
        containerInsightsV2: ContainerInsights.ENABLED,
      }) as ICluster,
      taskDefinition: this.taskDefinition,
      desiredCount: 2,
      // A deployment replaces one task after the other, so that one of them always reads.
      minHealthyPercent: 50,
      maxHealthyPercent: 100,
      circuitBreaker: { rollback: true },
      assignPublicIp: false,
      vpcSubnets: props.network.vpcSubnets,
      securityGroups: [this.securityGroup],
    });
  }

  #task({ code, environment, logRetention }: ReaderServiceProps): FargateTaskDefinition {
    const task = new FargateTaskDefinition(this, "Task", {
      cpu: 512,
      memoryLimitMiB: 1024,
      runtimePlatform: {
        cpuArchitecture: CpuArchitecture.ARM64,
        operatingSystemFamily: OperatingSystemFamily.LINUX,
      },
    });
    const logGroup = new LogGroup(this, "Log", {
      retention: logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    task.addContainer("Reader", {
      containerName: "reader",
      image: ContainerImage.fromAsset(code, { platform: Platform.LINUX_ARM64 }),
      environment: { ...environment, HEALTH_PORT: String(HEALTH_PORT) },
      // Not `non-blocking`, which drops lines that it cannot send fast enough: metrics, or a
      // reader's last error.
      logging: LogDrivers.awsLogs({
        logGroup,
        streamPrefix: "reader",
        mode: AwsLogDriverMode.BLOCKING,
      }),
      user: "node",
      readonlyRootFilesystem: true,
      // The reader stops reading and saves its offset within 20 s of SIGTERM.
      stopTimeout: Duration.seconds(30),
      healthCheck: {
        command: ["CMD", "node", "--eval", HEALTH_CHECK],
        interval: Duration.seconds(10),
        timeout: Duration.seconds(5),
        retries: 3,
        startPeriod: Duration.seconds(30),
      },
    });
    markPart(task, { part: "reader", entry: ENTRY });
    acknowledge(
      task,
      "ECS2",
      "The variables say where things are; the MySQL password is read from Secrets Manager at every connect.",
    );
    acknowledge(
      task,
      "IAM5[Resource::*]",
      "ecr:GetAuthorizationToken takes no resource; pulling is limited to the image's repository.",
    );
    return task;
  }

  #grant({ raw, tables, payloads, secret }: ReaderServiceProps): void {
    const { taskRole } = this.taskDefinition;
    grantSends(raw.queue, taskRole);
    secret.grantRead(taskRole);
    grantItems(tables.offsets, taskRole, ["GetItem", "UpdateItem", "DescribeTable"]);
    grantItems(tables.sessions, taskRole, ["BatchGetItem", "UpdateItem"]);
    grantPayloads(payloads, taskRole, "PutObject", FRAME_PAYLOAD_PREFIX);
    grantAbsence(payloads, taskRole);
    for (const action of ["GetObject", "PutObject"] as const)
      grantPayloads(payloads, taskRole, action, XA_PAYLOAD_PREFIX);
  }
}
