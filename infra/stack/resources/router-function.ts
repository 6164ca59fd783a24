import { type Duration, RemovalPolicy } from "aws-cdk-lib";
import { Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Architecture, Code, Function, Runtime, type FunctionProps } from "aws-cdk-lib/aws-lambda";
import { LogGroup, type RetentionDays } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import { markPart } from "./part.ts";
import type { PartName } from "./part-metadata.ts";

type FunctionPart = Exclude<PartName, "reader">;

/**
 * Limits the memory of a function's process. The objects made from a full frame are garbage as soon
 * as it is delivered; without limits V8's young generation and the allocator's arenas keep a
 * hundred megabytes for them. Half of this limit would take a tenth more processor time.
 */
const PROCESS = {
  NODE_OPTIONS: "--enable-source-maps --max-semi-space-size=16",
  MALLOC_ARENA_MAX: "1",
};

export interface RouterFunctionProps {
  readonly part: FunctionPart;
  /** The folder with the bundled code. */
  readonly code: string;
  readonly description: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeout: Duration;
  readonly memoryMb: number;
  readonly logRetention: RetentionDays;
  /** Absent: the function runs outside of any VPC. */
  readonly network?: Required<Pick<FunctionProps, "vpc" | "vpcSubnets" | "securityGroups">>;
}

/**
 * A function of this system: `functions/main/<part>.ts` as one ES module. Its role initially
 * permits it to write its own log only.
 */
export class RouterFunction extends Function {
  readonly part: FunctionPart;
  readonly executionRole: Role;

  constructor(scope: Construct, id: string, props: RouterFunctionProps) {
    const logGroup = new LogGroup(scope, `${id}Log`, {
      retention: props.logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    // Not the role that CDK makes, which has a managed policy for all log groups of the account.
    const role = new Role(scope, `${id}Role`, {
      assumedBy: new ServicePrincipal("lambda.amazonaws.com"),
    });
    super(scope, id, {
      description: props.description,
      code: Code.fromAsset(props.code),
      handler: "index.handler",
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: props.memoryMb,
      timeout: props.timeout,
      role,
      logGroup,
      ...props.network,
      environment: { ...props.environment, ...PROCESS },
    });
    this.part = props.part;
    this.executionRole = role;
    logGroup.grantWrite(role);
    markPart(this, { part: props.part, entry: `functions/main/${props.part}.ts` });
  }
}
