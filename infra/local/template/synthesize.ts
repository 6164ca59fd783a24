import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App, Validations, type AppProps, type Stack } from "aws-cdk-lib";
import type { DeployableConfiguration } from "../../../config/configuration.ts";
import { UNBUNDLED } from "../../bundles/bundle.ts";
import { REPOSITORY_ROOT } from "../../stack/resources/repository-root.ts";
import { routerStack } from "../../stack/router-stack.ts";
import type { Template } from "./template.ts";

export interface SynthesizedStack {
  readonly stackName: string;
  readonly template: Template;
}

/**
 * The template that `cdk deploy` would deploy for this configuration, made in this process with the
 * same feature flags. Only the functions' code is not bundled: on one machine the sources run
 * themselves, and their paths are in the resources' metadata.
 */
export function synthesize(config: DeployableConfiguration): SynthesizedStack {
  return synthesizeStack((app) => routerStack(app, config, UNBUNDLED));
}

/**
 * The template of any stack, made in this process. CloudFormation's rules are checked only when
 * `options` say so, because that takes seconds and `cdk synth` checks them before a deployment.
 */
export function synthesizeStack(
  define: (app: App) => Stack,
  options: Pick<AppProps, "builtinCloudFormationValidation"> = {},
): SynthesizedStack {
  const outdir = mkdtempSync(join(tmpdir(), "binlog-router-synth-"));
  try {
    const app = new App({
      outdir,
      analyticsReporting: false,
      treeMetadata: false,
      builtinCloudFormationValidation: false,
      ...options,
      context: { ...featureFlags(), ...WITHOUT_ASSETS },
    });
    const stack = define(app);
    liftDeploymentLimit(stack);
    const { stackName } = stack;
    const template: unknown = app.synth().getStackByName(stackName).template;
    return { stackName, template: template as Template };
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

const WITHOUT_ASSETS = {
  "aws:cdk:bundling-stacks": [],
  "aws:cdk:disable-asset-staging": true,
  "@aws-cdk/core:stackResourceLimit": 0,
};

/**
 * Accepts a template of any size. CloudFormation's limit applies to deployments only, and a
 * measurement on one machine may have hundreds of queues.
 */
function liftDeploymentLimit(stack: Stack): void {
  Validations.of(stack).acknowledge({
    id: "Annotation::@aws-cdk/core:Stack.templateSize",
    reason: "This template is not deployed.",
  });
}

/** The feature flags in cdk.json: its context without the configuration of the sources. */
function featureFlags(): Readonly<Record<string, unknown>> {
  const cdk = JSON.parse(readFileSync(join(REPOSITORY_ROOT, "cdk.json"), "utf8")) as {
    context: Record<string, unknown>;
  };
  const { "binlog-router": _, ...flags } = cdk.context;
  return flags;
}
