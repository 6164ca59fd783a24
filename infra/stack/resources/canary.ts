import { Duration } from "aws-cdk-lib";
import type { SecurityGroup } from "aws-cdk-lib/aws-ec2";
import { Rule, Schedule } from "aws-cdk-lib/aws-events";
import { LambdaFunction } from "aws-cdk-lib/aws-events-targets";
import { Grant, PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { RetentionDays } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import type { Configuration } from "../../../config/configuration.ts";
import { AccountSecret } from "./account-secret.ts";
import { acknowledge } from "./acknowledge.ts";
import type { EncryptionKey } from "./encryption.ts";
import type { EnvironmentQueuePair } from "./environment-queue-pair.ts";
import { RouterFunction } from "./router-function.ts";
import { sourceClient, type SourceNetwork } from "./source-network.ts";

export interface CanaryProps {
  readonly settings: NonNullable<Configuration["canary"]>;
  readonly source: Configuration["source"] & { readonly host: string };
  readonly name: string;
  /** The folder with the function's bundled code. */
  readonly code: string;
  /** The queue in which the canary waits for its row. */
  readonly pair: EnvironmentQueuePair;
  readonly network: SourceNetwork;
  /** Null: AWS's own keys are used. */
  readonly key: EncryptionKey | null;
  readonly logRetention: RetentionDays;
}

/**
 * Writes a row to MySQL every minute and waits for it in its own queue. It may read its secret and
 * its queue, and its MySQL account may write one table.
 */
export class Canary extends Construct {
  readonly function: RouterFunction;
  readonly secret: AccountSecret;
  readonly securityGroup: SecurityGroup;
  readonly schedule: Rule;

  constructor(scope: Construct, id: string, props: CanaryProps) {
    super(scope, id);
    const { settings, source, network, pair, key } = props;
    this.secret = new AccountSecret(this, "Secret", {
      description: "The MySQL account of binlog-router's canary",
      username: settings.user,
      host: source.host,
      port: source.port,
      secretArn: settings.secretArn,
      secretKeyArn: settings.secretKeyArn,
    });
    this.securityGroup = sourceClient(this, "SecurityGroup", {
      name: "canary",
      network,
      databasePort: source.port,
    });
    this.function = new RouterFunction(this, "Function", {
      part: "canary",
      code: props.code,
      description: "Writes a row every minute and waits for it in a queue",
      environment: {
        SOURCE_NAME: props.name,
        SOURCE_HOST: source.host,
        SOURCE_PORT: String(source.port),
        SOURCE_TLS: source.tls,
        CANARY_SECRET_ARN: this.secret.secret.secretArn,
        CANARY_QUEUE_URL: pair.queue.queueUrl,
        // Lambda's list of authorities, which includes those of RDS and Aurora.
        ...(source.tls === "verify" && { NODE_EXTRA_CA_CERTS: "/var/runtime/ca-cert.pem" }),
      },
      // Ends before the next invocation begins.
      timeout: Duration.seconds(55),
      memoryMb: 256,
      logRetention: props.logRetention,
      network: {
        vpc: network.vpc,
        vpcSubnets: network.vpcSubnets,
        securityGroups: [this.securityGroup],
      },
    });
    const { executionRole: grantee } = this.function;
    this.secret.grantRead(grantee);
    key?.grantRead(grantee);
    Grant.addToPrincipal({
      grantee,
      actions: ["sqs:ReceiveMessage", "sqs:DeleteMessage"],
      resourceArns: [pair.queue.queueArn],
    });
    this.#allowNetwork();
    this.function.configureAsyncInvoke({ retryAttempts: 0, maxEventAge: Duration.minutes(1) });
    this.schedule = new Rule(this, "Schedule", {
      description: "Runs the canary of binlog-router",
      schedule: Schedule.rate(Duration.minutes(1)),
      targets: [
        new LambdaFunction(this.function, { retryAttempts: 0, maxEventAge: Duration.minutes(1) }),
      ],
    });
  }

  /** The permissions that Lambda requires of the role of a function in a VPC. */
  #allowNetwork(): void {
    const { executionRole } = this.function;
    executionRole.addToPolicy(
      new PolicyStatement({
        actions: [
          "ec2:AssignPrivateIpAddresses",
          "ec2:CreateNetworkInterface",
          "ec2:DeleteNetworkInterface",
          "ec2:DescribeNetworkInterfaces",
          "ec2:DescribeSubnets",
          "ec2:UnassignPrivateIpAddresses",
        ],
        resources: ["*"],
      }),
    );
    acknowledge(
      executionRole,
      "IAM5[Resource::*]",
      "Lambda makes the function's network interfaces with this role, and their names are not known before.",
    );
  }
}
