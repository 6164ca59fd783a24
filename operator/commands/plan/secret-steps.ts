import { madeSecrets, secretTemplate } from "../../../config/account-secret.ts";
import type { Configuration } from "../../../config/configuration.ts";
import type { Deployed } from "../../shared/deployed.ts";
import { change, type Step } from "./step.ts";

const PARTS = {
  "source.secretArn": { part: "reader", output: "SourceSecretArn" },
  "canary.secretArn": { part: "canary", output: "CanarySecretArn" },
} as const;

/**
 * The steps for secrets that the stack made and whose text names another server or account now.
 * CloudFormation then generates another password, which MySQL's account does not have.
 * https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/2210
 */
export function secretSteps(config: Configuration, { secrets }: Deployed): Step[] {
  return madeSecrets(config).flatMap(({ setting, account }) => {
    const { part, output } = PARTS[setting];
    const before = secrets[part];
    if (before === null || before === secretTemplate(account)) return [];
    const text = `${setting}: the secret that the stack made gets another password, because it names another host, port or user, and the ${part} cannot log in until MySQL's account has that password; to keep the secret and its password, set ${setting} to the stack's output ${output} in the same deployment`;
    return [change(setting, text)];
  });
}
