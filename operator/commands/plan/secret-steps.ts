import { madeSecrets, secretTemplate } from "../../../config/account-secret.ts";
import type { Configuration } from "../../../config/configuration.ts";
import type { Deployed } from "../../shared/deployed.ts";
import { change, type Step } from "./step.ts";

const PARTS = {
  "source.secretArn": { part: "reader", output: "SourceSecretArn" },
  "canary.secretArn": { part: "canary", output: "CanarySecretArn" },
} as const;

/**
 * The steps for secrets that the stack makes and that get a password which MySQL's account does not
 * have: because the configuration named another secret before, or because the text of the made one
 * names another server or account now. CloudFormation then generates another password.
 * https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/2210
 */
export function secretSteps(config: Configuration, { secrets }: Deployed): Step[] {
  return madeSecrets(config).flatMap(({ setting, account }) => {
    const { part, output } = PARTS[setting];
    const { madeFrom, namedArn } = secrets[part];
    const lockedOut = `the ${part} cannot log in until MySQL's account has that password`;
    if (namedArn !== null) {
      const text = `${setting}: a secret that the stack makes, with a new password, instead of ${namedArn}; ${lockedOut} (output ${output}); to keep the password, leave ${setting} as it is${part === "reader" ? "; a CDK app that gives the construct `credentials` keeps it anyway" : ""}`;
      return [change(setting, text)];
    }
    if (madeFrom === null || madeFrom === secretTemplate(account)) return [];
    const text = `${setting}: the secret that the stack made gets another password, because it names another host, port or user, and ${lockedOut}; to keep the secret and its password, set ${setting} to the stack's output ${output} in the same deployment`;
    return [change(setting, text)];
  });
}
