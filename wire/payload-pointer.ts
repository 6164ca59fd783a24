/**
 * A message body that points to a payload in S3, in the format of the Amazon SQS Extended Client
 * Library, so that its users in other languages can read it:
 * `["software.amazon.payloadoffloading.PayloadS3Pointer", {"s3BucketName": …, "s3Key": …}]`, with
 * the payload's size in the message attribute `ExtendedPayloadSize`.
 * https://github.com/awslabs/payload-offloading-java-common-lib-for-aws
 */
export interface PayloadPointer {
  readonly bucket: string;
  readonly key: string;
}

export const PAYLOAD_SIZE_ATTRIBUTE = "ExtendedPayloadSize";
const CLASS_NAME = "software.amazon.payloadoffloading.PayloadS3Pointer";

export function encodePointer({ bucket, key }: PayloadPointer): string {
  return JSON.stringify([CLASS_NAME, { s3BucketName: bucket, s3Key: key }]);
}

/** The pointer in a message body; null for an ordinary body. */
export function decodePointer(body: string): PayloadPointer | null {
  if (!body.startsWith("[")) return null;
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return null;
  }
  if (!Array.isArray(value) || value.length !== 2) return null;
  const [className, location] = value as [unknown, unknown];
  // Compares only the end of the class name, because versions of the Extended Client use different
  // packages.
  if (typeof className !== "string" || !className.endsWith(".PayloadS3Pointer")) return null;
  if (typeof location !== "object" || location === null) return null;
  const { s3BucketName: bucket, s3Key: key } = location as Record<string, unknown>;
  return typeof bucket === "string" && typeof key === "string" ? { bucket, key } : null;
}
