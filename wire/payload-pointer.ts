/**
 * The message body that stands for a payload in S3, as the Amazon SQS Extended Client Library writes it, so that its users
 * in other languages read it too: `["software.amazon.payloadoffloading.PayloadS3Pointer", {"s3BucketName": …, "s3Key": …}]`,
 * with the payload's size in the message attribute `ExtendedPayloadSize`.
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
