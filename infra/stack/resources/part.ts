import { CfnResource } from "aws-cdk-lib";
import type { IConstruct } from "constructs";
import { PART_METADATA, type PartMetadata } from "./part-metadata.ts";

/** Marks the resource that runs a part's code. */
export function markPart(construct: IConstruct, metadata: PartMetadata): void {
  const resource = construct.node.defaultChild;
  if (!CfnResource.isCfnResource(resource)) {
    throw new TypeError(`${construct.node.path} is not a resource of the template`);
  }
  resource.addMetadata(PART_METADATA, metadata);
}
