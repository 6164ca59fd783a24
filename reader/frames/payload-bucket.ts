import type { S3Client, S3ClientConfig } from "@aws-sdk/client-s3";

/**
 * The payload bucket, for objects that are too large for SQS or DynamoDB. The SDK's S3 client takes
 * several megabytes of memory, and most readers never need it. So the first call loads it.
 */
export class PayloadBucket implements Disposable {
  readonly name: string;
  readonly #config: S3ClientConfig;
  #client: S3Client | null = null;

  constructor(name: string, config: S3ClientConfig) {
    this.name = name;
    this.#config = config;
  }

  async put(key: string, body: string | Uint8Array, signal?: AbortSignal): Promise<void> {
    const { PutObjectCommand, S3Client } = await import("@aws-sdk/client-s3");
    this.#client ??= new S3Client(this.#config);
    await this.#client.send(new PutObjectCommand({ Bucket: this.name, Key: key, Body: body }), {
      ...(signal !== undefined && { abortSignal: signal }),
    });
  }

  /** null when there is no such object. */
  async get(key: string): Promise<Uint8Array | null> {
    const { GetObjectCommand, NoSuchKey, S3Client } = await import("@aws-sdk/client-s3");
    this.#client ??= new S3Client(this.#config);
    try {
      const { Body: body } = await this.#client.send(
        new GetObjectCommand({ Bucket: this.name, Key: key }),
      );
      return (await body?.transformToByteArray()) ?? new Uint8Array();
    } catch (error) {
      if (error instanceof NoSuchKey) return null;
      throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#client?.destroy();
  }
}
