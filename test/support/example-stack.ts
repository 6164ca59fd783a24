import { Template } from "aws-cdk-lib/assertions";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { DeployableConfiguration } from "../../config/configuration.ts";
import { deployable, loadConfig } from "../../config/load.ts";
import { synthesizeStack } from "../../infra/local/template/synthesize.ts";
import { UNBUNDLED } from "../../infra/bundles/bundle.ts";
import { REPOSITORY_ROOT } from "../../infra/stack/resources/repository-root.ts";
import { routerStack, type RouterStack } from "../../infra/stack/router-stack.ts";

const account = (role: string): string => `arn:aws:iam::111122223333:role/${role}`;

/** What the example leaves out: consumers and operators, a canary, filters, and a given key. */
export const EVERYTHING = {
  environments: {
    production: { users: ["app_production"], consumers: [account("billing-production")] },
    staging: { users: ["app_staging"], consumers: [account("billing-staging")] },
  },
  operators: [account("operators")],
  subscribers: {
    billing: { tables: ["shop.*"], columns: { mask: { "shop.*.email": "hash" } } },
  },
  canary: {},
  encryptionKeyArn:
    "arn:aws:kms:eu-central-1:111122223333:key/0a1b2c3d-0a1b-4c2d-8e3f-0a1b2c3d4e5f",
};

/** The configuration object of cdk.json, which is the example. */
export function exampleObject(): Record<string, unknown> {
  const cdk = JSON.parse(readFileSync(join(REPOSITORY_ROOT, "cdk.json"), "utf8")) as {
    context: { "binlog-router": Record<string, unknown> };
  };
  return cdk.context["binlog-router"];
}

/** The example's configuration with some keys replaced. */
export function exampleConfiguration(
  replaced: Readonly<Record<string, unknown>> = {},
): DeployableConfiguration {
  return deployable(loadConfig({ ...exampleObject(), ...replaced }));
}

/**
 * The example's template for assertions. `change` may alter the stack before, as an edit of the CDK
 * app would.
 */
export function exampleTemplate(
  replaced: Readonly<Record<string, unknown>> = {},
  change: (stack: RouterStack) => void = () => {},
): Template {
  const { template } = synthesizeStack((app) => {
    const stack = routerStack(app, exampleConfiguration(replaced), UNBUNDLED);
    change(stack);
    return stack;
  });
  return Template.fromJSON(template);
}
