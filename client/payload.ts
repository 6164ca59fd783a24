import type { S3Client } from "@aws-sdk/client-s3";
import { decodePointer } from "../wire/payload-pointer.ts";
import { PayloadUnavailableError } from "./errors.ts";

/**
 * Fetches from S3 the messages that are too large for SQS. The bucket's lifecycle removes them
 * later.
 */
export class Payloads {
  readonly #given: S3Client | undefined;
  #own: S3Client | undefined;

  /** Without a client, the first off-loaded message makes one. */
  constructor(s3: S3Client | undefined) {
    this.#given = s3;
  }

  /**
   * The text of a message, from its body or from the object to which the body points. Throws
   * PayloadUnavailableError.
   */
  async fetch(body: string): Promise<string> {
    const pointer = decodePointer(body);
    if (pointer === null) return body;
    const { bucket, key } = pointer;
    try {
      // Loaded when the first pointer arrives: most applications never see one.
      const { GetObjectCommand, S3Client: Client } = await import("@aws-sdk/client-s3");
      const s3 = this.#given ?? (this.#own ??= new Client());
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
      return (await Body?.transformToString("utf-8")) ?? "";
    } catch (cause) {
      throw new PayloadUnavailableError(`cannot fetch the payload s3://${bucket}/${key}`, {
        cause,
      });
    }
  }

  /** Closes the client if this object made it. */
  release(): void {
    this.#own?.destroy();
  }
}
