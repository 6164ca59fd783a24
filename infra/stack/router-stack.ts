import { PermissionsBoundary, Stack, type Environment } from "aws-cdk-lib";
import type { Construct } from "constructs";
import { ConfigError } from "../../config/config-error.ts";
import type { DeployableConfiguration } from "../../config/configuration.ts";
import { BinlogRouter } from "./binlog-router.ts";
import type { PartsCode } from "./parts-code.ts";
import { DatabaseNetwork } from "./resources/database-network.ts";

export interface RouterStackProps {
  readonly config: DeployableConfiguration;
  readonly code: PartsCode;
}

/** A stack with one router and nothing else. */
export class RouterStack extends Stack {
  readonly router: BinlogRouter;

  constructor(scope: Construct, id: string, { config, code }: RouterStackProps) {
    const { network, deployment, ...rest } = config;
    const { permissionsBoundaryArn: boundary } = deployment;
    super(scope, id, {
      description: `binlog-router for the source ${config.name}`,
      // `cdk destroy` ends all deliveries and deletes the raw queue with its frames, so it must
      // require a second, deliberate step.
      terminationProtection: true,
      env: environmentOf(deployment),
      tags: deployment.tags,
      // A third of a large template would be spaces, and CloudFormation counts them.
      suppressTemplateIndentation: true,
      ...(boundary !== undefined && { permissionsBoundary: PermissionsBoundary.fromArn(boundary) }),
    });
    // CDK omits this id from logical ids: the resources' logical ids are the same as directly in
    // the stack.
    this.router = new BinlogRouter(this, "Default", {
      ...rest,
      ...networkProps(new DatabaseNetwork(this, "Network", network)),
      code,
    });
  }
}

function networkProps({ vpc, vpcSubnets, database }: DatabaseNetwork) {
  return { vpc, vpcSubnets, database };
}

/** The configured account and region. If configured, the stack can be deployed there only. */
function environmentOf({ account, region }: DeployableConfiguration["deployment"]): Environment {
  return {
    ...(account !== undefined && { account }),
    ...(region !== undefined && { region }),
  };
}

/**
 * The stack of one source, with the name that operators' commands use: `binlog-router-<name>`.
 * Throws ConfigError when the app has a source of this name already.
 */
export function routerStack(
  scope: Construct,
  config: DeployableConfiguration,
  code: PartsCode,
): RouterStack {
  const id = `binlog-router-${config.name}`;
  if (scope.node.tryFindChild(id) !== undefined) {
    throw new ConfigError([
      { path: "name", message: `is ${config.name} twice: each source needs a name of its own` },
    ]);
  }
  return new RouterStack(scope, id, { config, code });
}
