import { join } from "node:path";
import { type Duration, RemovalPolicy } from "aws-cdk-lib";
import { Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Architecture, Runtime } from "aws-cdk-lib/aws-lambda";
import {
  LogLevel,
  NodejsFunction,
  OutputFormat,
  SourceMapMode,
} from "aws-cdk-lib/aws-lambda-nodejs";
import { LogGroup, type RetentionDays } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import { REPOSITORY_ROOT } from "./repository-root.ts";
import { markPart } from "./part.ts";

export interface RouterFunctionProps {
  readonly part: "route" | "retry";
  readonly description: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeout: Duration;
  readonly memoryMb: number;
  readonly logRetention: RetentionDays;
}

/** A function of this system: `functions/main/<part>.ts` as one ES module, allowed to write its own log and nothing else. */
export class RouterFunction extends NodejsFunction {
  readonly part: "route" | "retry";
  readonly executionRole: Role;

  constructor(scope: Construct, id: string, props: RouterFunctionProps) {
    const logGroup = new LogGroup(scope, `${id}Log`, {
      retention: props.logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    // A role of its own: the one that CDK makes carries a managed policy for every log group of the account.
    const role = new Role(scope, `${id}Role`, {
      assumedBy: new ServicePrincipal("lambda.amazonaws.com"),
    });
    const entry = `functions/main/${props.part}.ts`;
    super(scope, id, {
      description: props.description,
      entry: join(REPOSITORY_ROOT, entry),
      projectRoot: REPOSITORY_ROOT,
      depsLockFilePath: join(REPOSITORY_ROOT, "package-lock.json"),
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: props.memoryMb,
      timeout: props.timeout,
      role,
      logGroup,
      environment: { ...props.environment, NODE_OPTIONS: "--enable-source-maps" },
      bundling: {
        format: OutputFormat.ESM,
        target: "node24",
        mainFields: ["module", "main"],
        sourceMap: true,
        sourceMapMode: SourceMapMode.DEFAULT,
        sourcesContent: false,
        minify: true,
        keepNames: true,
        logLevel: LogLevel.WARNING,
        // The SDK of the lock file, not the one that the runtime happens to have today.
        bundleAwsSDK: true,
        banner: REQUIRE_FOR_COMMONJS,
        commandHooks: {
          beforeBundling: () => [],
          beforeInstall: () => [],
          // Lambda reads the bundle as another user, which a strict umask would keep out.
          afterBundling: (_, outputDir) => [`chmod -R a+rX "${outputDir}"`],
        },
      },
    });
    this.part = props.part;
    this.executionRole = role;
    logGroup.grantWrite(role);
    markPart(this, { part: props.part, entry });
  }
}

/** CommonJS dependencies inside an ES module ask for `require`. */
const REQUIRE_FOR_COMMONJS =
  "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";
