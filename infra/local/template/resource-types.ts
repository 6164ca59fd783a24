import { CREATE_BY_TYPE } from "./create-resource.ts";
import { UnsupportedTemplateError } from "./errors.ts";
import type { Template } from "./template.ts";

/** Types that are read to run the code on this machine (`parts.ts`). */
const RUN_TYPES = new Set([
  "AWS::Lambda::Function",
  "AWS::Lambda::EventSourceMapping",
  "AWS::Events::Rule",
  "AWS::ECS::TaskDefinition",
]);

/** Types that are read to watch the running parts (`monitoring.ts`). */
const WATCH_TYPES = new Set(["AWS::CloudWatch::Alarm", "AWS::CloudWatch::Dashboard"]);

/** Types for permissions, network, logs, notifications and keys, without a counterpart here. */
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
 * Throws UnsupportedTemplateError for a type of resource whose local meaning is not defined here.
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
