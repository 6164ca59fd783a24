import { GetObjectCommand, PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";

/**
 * Stores bodies that are too large for SQS or DynamoDB. The stack's lifecycle rules delete them
 * after the last reference has expired.
 */
export interface PayloadBucket {
  readonly name: string;
  put(key: string, body: string | Uint8Array): Promise<void>;
  get(key: string): Promise<Buffer>;
}

export function payloadBucket(client: S3Client, name: string): PayloadBucket {
  return {
    name,
    async put(key, body) {
      await client.send(new PutObjectCommand({ Bucket: name, Key: key, Body: body }));
    },
    async get(key) {
      const { Body: body } = await client.send(new GetObjectCommand({ Bucket: name, Key: key }));
      return Buffer.from((await body?.transformToByteArray()) ?? []);
    },
  };
}
