import { CreateBucketCommand } from "@aws-sdk/client-s3";
import type { Creation, ResourceToCreate } from "./create-resource.ts";
import type { PhysicalResource } from "./intrinsics.ts";

/** Creates an `AWS::S3::Bucket`. Encryption, lifecycle and access blocks mean nothing on one machine. */
export async function createBucket(
  { properties, generatedName }: ResourceToCreate,
  { clients, signal }: Creation,
): Promise<PhysicalResource> {
  const { BucketName } = properties;
  const name = typeof BucketName === "string" ? BucketName : generatedName.toLowerCase();
  await clients.s3.send(new CreateBucketCommand({ Bucket: name }), { abortSignal: signal });
  return { ref: name, attributes: { Arn: `arn:aws:s3:::${name}` } };
}
