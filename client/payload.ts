import type { S3Client } from "@aws-sdk/client-s3";
import { InvalidMessageError, PayloadUnavailableError } from "./errors.ts";

/** The first element of the array that the Amazon SQS Extended Client Library sends in place of a message that is too large. */
const POINTER = "software.amazon.payloadoffloading.PayloadS3Pointer";
const POINTER_START = `["${POINTER}"`;

interface PayloadPlace {
  readonly bucket: string;
  readonly key: string;
}

/** Fetches the messages that were too large for SQS from S3. The bucket's lifecycle removes them, not the reader. */
export class Payloads {
  readonly #given: S3Client | undefined;
  #own: S3Client | undefined;

  /** Without a client, one is made at the first off-loaded message. */
  constructor(s3: S3Client | undefined) {
    this.#given = s3;
  }

  /** The text of a message, from its body or from where the body points. Throws PayloadUnavailableError, InvalidMessageError. */
  async fetch(body: string): Promise<string> {
    if (!body.startsWith(POINTER_START)) return body;
    const { bucket, key } = parsePointer(body);
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

  /** Closes the client that was made here. */
  release(): void {
    this.#own?.destroy();
  }
}

function parsePointer(body: string): PayloadPlace {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    throw new InvalidMessageError("a payload pointer that is not JSON");
  }
  const place: unknown = Array.isArray(value) ? value[1] : undefined;
  if (typeof place !== "object" || place === null) {
    throw new InvalidMessageError("a payload pointer without a place");
  }
  const { s3BucketName: bucket, s3Key: key } = place as Record<string, unknown>;
  if (typeof bucket !== "string" || typeof key !== "string") {
    throw new InvalidMessageError("a payload pointer without bucket or key");
  }
  return { bucket, key };
}
