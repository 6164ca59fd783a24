import { z } from "zod";

/**
 * The message body that stands for a payload in S3, as the Amazon SQS Extended Client Library writes it (Java, Python and
 * others read it): `["software.amazon.payloadoffloading.PayloadS3Pointer", {"s3BucketName": …, "s3Key": …}]`, with the
 * payload's size in the message attribute `ExtendedPayloadSize`.
 * https://github.com/awslabs/payload-offloading-java-common-lib-for-aws
 */
export interface PayloadPointer {
  readonly bucket: string;
  readonly key: string;
}

export const PAYLOAD_SIZE_ATTRIBUTE = "ExtendedPayloadSize";
const CLASS_NAME = "software.amazon.payloadoffloading.PayloadS3Pointer";

const pointerSchema = z.tuple([
  z.literal(CLASS_NAME),
  z.object({ s3BucketName: z.string(), s3Key: z.string() }),
]);

export function encodePointer({ bucket, key }: PayloadPointer): string {
  return JSON.stringify([CLASS_NAME, { s3BucketName: bucket, s3Key: key }]);
}

/** The pointer that a message body is, or null when it is an ordinary body. */
export function decodePointer(body: string): PayloadPointer | null {
  if (!body.startsWith(`["${CLASS_NAME}"`)) return null;
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return null;
  }
  const result = pointerSchema.safeParse(value);
  if (!result.success) return null;
  const [, { s3BucketName, s3Key }] = result.data;
  return { bucket: s3BucketName, key: s3Key };
}
