import { Stack, Token } from "aws-cdk-lib";
import type { IConnectable, IVpc, SubnetSelection } from "aws-cdk-lib/aws-ec2";
import type { IKey } from "aws-cdk-lib/aws-kms";
import type { ISecret } from "aws-cdk-lib/aws-secretsmanager";
import type { Construct } from "constructs";
import type { ConfigurationObject, HostedConfiguration } from "../../config/configuration.ts";
import { hosted, loadConfig, ofAnySize } from "../../config/load.ts";
import type { PartsCode } from "./parts-code.ts";

/**
 * The configuration as docs/deploying.md lists it, but with the network and what belongs to it as
 * constructs of the app.
 */
export interface BinlogRouterProps extends Omit<
  ConfigurationObject,
  "source" | "network" | "deployment"
> {
  readonly source: ConfigurationObject["source"] & { readonly host: string };
  /** The database's VPC. */
  readonly vpc: IVpc;
  /**
   * The reader's subnets, which need a way to the AWS APIs. Absent: private subnets with egress.
   */
  readonly vpcSubnets?: SubnetSelection | undefined;
  /**
   * The database or its security group, which then admits the reader on MySQL's port. Absent: the
   * owner of MySQL's network admits the group of the output `ReaderSecurityGroupId`.
   */
  readonly database?: IConnectable | null | undefined;
  /**
   * The secret with `{ "username", "password" }` of the reader's account, instead of
   * `source.secretArn`.
   */
  readonly credentials?: ISecret | undefined;
  /** The key that encrypts everything stored, instead of `encryptionKeyArn`. */
  readonly encryptionKey?: IKey | undefined;
  /** Bundles to use instead of those of this version. */
  readonly code?: PartsCode | undefined;
}

const NOT_CONFIGURATION = new Set([
  "vpc",
  "vpcSubnets",
  "database",
  "credentials",
  "encryptionKey",
  "code",
]);

/** The configuration among the properties, checked. Throws ConfigError. */
export function configurationOf(scope: Construct, props: BinlogRouterProps): HostedConfiguration {
  const keys = Object.entries(props).filter(([key]) => !NOT_CONFIGURATION.has(key));
  const config = loadConfig(Object.fromEntries(keys));
  if (isOfAnySize(scope)) return ofAnySize(config);
  const { region } = Stack.of(scope);
  return hosted(config, Token.isUnresolved(region) ? undefined : region);
}

/** `infra/local/` lifts CDK's own limit for templates that nobody deploys. */
function isOfAnySize(scope: Construct): boolean {
  return scope.node.tryGetContext("@aws-cdk/core:stackResourceLimit") === 0;
}
