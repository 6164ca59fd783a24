import { Validations } from "aws-cdk-lib";
import type { IConstruct } from "constructs";

/**
 * States why a finding of cdk-nag's AWS Solutions pack is right as it is, for one construct and all
 * in it.
 */
export function acknowledge(construct: IConstruct, finding: string, reason: string): void {
  Validations.of(construct).acknowledge({ id: `AwsSolutions::AwsSolutions-${finding}`, reason });
}
