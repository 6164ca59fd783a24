import { CREATE_BY_TYPE } from "./create-resource.ts";
import { UnsupportedTemplateError } from "./errors.ts";
import type { Template } from "./template.ts";

/** Read from the template to run the code on this machine (`parts.ts`). */
const RUN_TYPES = new Set([
  "AWS::Lambda::Function",
  "AWS::Lambda::EventSourceMapping",
  "AWS::Events::Rule",
  "AWS::ECS::TaskDefinition",
]);

/** Read from the template to watch what runs (`monitoring.ts`). */
const WATCH_TYPES = new Set(["AWS::CloudWatch::Alarm", "AWS::CloudWatch::Dashboard"]);

/** Who may do what, where it runs, who is told: without a counterpart on one machine. */
const CLOUD_ONLY_TYPES = [
  /^AWS::IAM::/,
  /^AWS::EC2::/,
  /^AWS::Logs::/,
  /^AWS::SNS::/,
  /^AWS::KMS::/,
  /^AWS::ECS::(Cluster|Service)$/,
  /^AWS::Lambda::(Permission|EventInvokeConfig)$/,
  /^AWS::S3::BucketPolicy$/,
  /^AWS::SQS::QueuePolicy$/,
  /^AWS::SecretsManager::(ResourcePolicy|RotationSchedule)$/,
  /^AWS::CDK::Metadata$/,
];

/**
 * Throws UnsupportedTemplateError when the template has a type of resource whose local meaning
 * nobody has decided.
 */
export function checkResourceTypes(template: Template): void {
  for (const [id, { Type }] of Object.entries(template.Resources)) {
    const known =
      Type in CREATE_BY_TYPE ||
      RUN_TYPES.has(Type) ||
      WATCH_TYPES.has(Type) ||
      CLOUD_ONLY_TYPES.some((expression) => expression.test(Type));
    if (!known) {
      throw new UnsupportedTemplateError(`Resources.${id}`, `resources of the type ${Type}`);
    }
  }
}
