import { CfnResource } from "aws-cdk-lib";
import type { IConstruct } from "constructs";

/** The parts of the system that run code. */
export type PartName = "reader" | "route" | "retry" | "canary";

/** The metadata key by which the local run finds the source file that a resource runs. */
export const PART_METADATA = "binlog-router:part";

export interface PartMetadata {
  readonly part: PartName;
  /** The path from the repository's root. */
  readonly entry: string;
}

/** Marks the resource that runs a part's code. */
export function markPart(construct: IConstruct, metadata: PartMetadata): void {
  const resource = construct.node.defaultChild;
  if (!CfnResource.isCfnResource(resource)) {
    throw new TypeError(`${construct.node.path} is not a resource of the template`);
  }
  resource.addMetadata(PART_METADATA, metadata);
}
