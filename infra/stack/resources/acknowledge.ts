import { Validations } from "aws-cdk-lib";
import type { IConstruct } from "constructs";

/**
 * Gives the reason why a finding of cdk-nag's AWS Solutions pack is accepted inside a construct.
 */
export function acknowledge(construct: IConstruct, finding: string, reason: string): void {
  Validations.of(construct).acknowledge({ id: `AwsSolutions::AwsSolutions-${finding}`, reason });
}
