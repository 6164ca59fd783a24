import { promisify } from "node:util";
import { zstdCompress, zstdDecompress } from "node:zlib";
import { MalformedFrameError } from "./decode-frame.ts";
import { legalText } from "./legal-text.ts";
import { ZSTD_CHUNK, ZSTD_OPTIONS } from "./zstd-options.ts";

/**
 * How a frame travels: as its own text when it is small, else compressed (Zstandard, RFC 8878) and
 * in base64, behind a prefix that no frame begins with. SQS bills by 64 KiB, and a body is escaped,
 * signed and parsed several times on its way.
 */
const PREFIX = "zstd:";

/**
 * Bytes of a frame from which on it is compressed: below, the text is as quick, and SQS bills a
 * single unit anyway.
 */
const COMPRESSED_FROM = 8 * 1024;
/**
 * What is larger, a frame of one huge row, goes as it is, so that reading a body never takes much
 * more memory than this.
 */
const COMPRESSED_UP_TO = 64 * 1024 * 1024;

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

/**
 * The body of a frame, which SQS takes. `frame` is its text in UTF-8 and is read until the promise
 * is settled.
 */
export async function packFrame(frame: Buffer): Promise<string> {
  if (frame.length < COMPRESSED_FROM || frame.length > COMPRESSED_UP_TO) {
    return legalText(frame.toString("utf8"));
  }
  return PREFIX + (await compress(frame, ZSTD_OPTIONS)).toString("base64");
}

/**
 * The text of a frame from its body. Throws MalformedFrameError when it is compressed and damaged.
 */
export async function unpackFrame(body: string): Promise<string> {
  if (!body.startsWith(PREFIX)) return body;
  const compressed = Buffer.from(body.slice(PREFIX.length), "base64");
  try {
    const frame = await decompress(compressed, {
      chunkSize: ZSTD_CHUNK,
      maxOutputLength: COMPRESSED_UP_TO,
    });
    return frame.toString("utf8");
  } catch (cause) {
    throw new MalformedFrameError("the compressed frame cannot be read", { cause });
  }
}
