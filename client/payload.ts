import type { S3Client } from "@aws-sdk/client-s3";
import { decodePointer, type PayloadPointer } from "../wire/payload-pointer.ts";
import { PayloadUnavailableError } from "./errors.ts";

/**
 * How long S3 may be silent, milliseconds: until the object begins, including the SDK's retries,
 * and between two pieces of it. Without a limit, a connection that ended without a word would hold
 * up its group for hours, and `stop()`. A limit for all of it would refuse large payloads for ever
 * where the network is slow.
 */
const SILENCE_MS = 60_000;

/**
 * Fetches from S3 the messages that are too large for SQS. The bucket's lifecycle removes them
 * later.
 */
export class Payloads {
  readonly #given: S3Client | undefined;
  readonly #silenceMs: number;
  #own: S3Client | undefined;

  /** Without a client, the first off-loaded message makes one. */
  constructor(s3: S3Client | undefined, silenceMs = SILENCE_MS) {
    this.#given = s3;
    this.#silenceMs = silenceMs;
  }

  /**
   * The text of a message, from its body or from the object to which the body points. Throws
   * PayloadUnavailableError.
   */
  async fetch(body: string): Promise<string> {
    const pointer = decodePointer(body);
    if (pointer === null) return body;
    const giveUp = new AbortController();
    let silence: NodeJS.Timeout | undefined;
    // The SDK ignores the signal while it looks for credentials.
    const silent = new Promise<never>((_, reject) => {
      silence = setTimeout(() => {
        const why = new DOMException(`S3 was silent for ${this.#silenceMs} ms`, "TimeoutError");
        // Before the abort: the SDK's error says that a request was aborted, and not why.
        reject(why);
        giveUp.abort(why);
      }, this.#silenceMs);
    });
    const fetching = this.#textOf(pointer, giveUp.signal, () => silence?.refresh());
    try {
      return await Promise.race([fetching, silent]);
    } catch (cause) {
      const url = `s3://${pointer.bucket}/${pointer.key}`;
      throw new PayloadUnavailableError(`cannot fetch the payload ${url}`, { cause });
    } finally {
      clearTimeout(silence);
    }
  }

  /** Calls `onPiece` for each piece of the object. The signal also ends the reading of it. */
  async #textOf(
    { bucket, key }: PayloadPointer,
    abortSignal: AbortSignal,
    onPiece: () => void,
  ): Promise<string> {
    // Loaded when the first pointer arrives: most applications never see one.
    const { GetObjectCommand, S3Client: Client } = await import("@aws-sdk/client-s3");
    const s3 = this.#given ?? (this.#own ??= new Client());
    const command = new GetObjectCommand({ Bucket: bucket, Key: key });
    const { Body } = await s3.send(command, { abortSignal });
    const pieces: Uint8Array[] = [];
    for await (const piece of Body?.transformToWebStream() ?? []) {
      // A request handler of the application may ignore the signal.
      abortSignal.throwIfAborted();
      onPiece();
      pieces.push(piece);
    }
    return Buffer.concat(pieces).toString("utf-8");
  }

  /** Closes the client if this object made it. */
  release(): void {
    this.#own?.destroy();
  }
}
