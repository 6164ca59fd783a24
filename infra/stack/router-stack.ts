import { PermissionsBoundary, Stack, type Environment } from "aws-cdk-lib";
import type { Construct } from "constructs";
import { ConfigError } from "../../config/config-error.ts";
import type { DeployableConfiguration } from "../../config/configuration.ts";
import { queueNames } from "../../config/queues.ts";
import { BinlogRouter } from "./binlog-router.ts";
import type { PartsCode } from "./parts-code.ts";
import { DatabaseNetwork } from "./resources/database-network.ts";

export interface RouterStackProps {
  readonly config: DeployableConfiguration;
  readonly code: PartsCode;
}

/** A stack with one router and nothing else. */
export class RouterStack extends Stack {
  readonly config: DeployableConfiguration;
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
    this.config = config;
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
 * Throws ConfigError when the app has a source of this name already, or one with the same queue in
 * the same account and region.
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
  for (const other of scope.node.children.filter((one) => one instanceof RouterStack)) {
    const shared = sharedQueue(config, other.config);
    if (shared === undefined) continue;
    const message = `is ${config.name}, and the source ${other.config.name} has the queue ${shared} too: rename one`;
    throw new ConfigError([{ path: "name", message }]);
  }
  return new RouterStack(scope, id, { config, code });
}

/**
 * A queue's name that two sources have in one account and region. Where both leave the account or
 * the region out, the credentials decide, which are the same for both.
 */
function sharedQueue(
  one: DeployableConfiguration,
  other: DeployableConfiguration,
): string | undefined {
  const isApart = (["account", "region"] as const).some(
    (key) => one.deployment[key] !== other.deployment[key],
  );
  if (isApart) return undefined;
  const names = new Set(queueNames(other));
  return queueNames(one).find((name) => names.has(name));
}
