import type { S3Client } from "@aws-sdk/client-s3";
import { decodePointer } from "../wire/payload-pointer.ts";
import { PayloadUnavailableError } from "./errors.ts";

/**
 * How long a payload may take, including the SDK's retries, milliseconds. Without a limit, a
 * connection that ended without a word would hold up its group for hours, and `stop()`.
 */
const FETCH_MS = 60_000;

/**
 * Fetches from S3 the messages that are too large for SQS. The bucket's lifecycle removes them
 * later.
 */
export class Payloads {
  readonly #given: S3Client | undefined;
  readonly #fetchMs: number;
  #own: S3Client | undefined;

  /** Without a client, the first off-loaded message makes one. */
  constructor(s3: S3Client | undefined, fetchMs = FETCH_MS) {
    this.#given = s3;
    this.#fetchMs = fetchMs;
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
      const command = new GetObjectCommand({ Bucket: bucket, Key: key });
      // It also ends the reading of the object.
      const abortSignal = AbortSignal.timeout(this.#fetchMs);
      const { Body } = await s3.send(command, { abortSignal });
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
