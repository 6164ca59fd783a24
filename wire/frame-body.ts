import { promisify } from "node:util";
import { zstdDecompress } from "node:zlib";
import { Base64Text } from "./base64-text.ts";
import { MalformedFrameError } from "./decode-frame.ts";
import { FrameCompressor } from "./frame-compressor.ts";
import { freeBytes } from "./free-bytes.ts";
import { legalText } from "./legal-text.ts";

/**
 * A small frame is sent as plain text. A larger one is compressed (Zstandard, RFC 8878) and encoded
 * in base64, after a prefix with which no plain frame begins. Compression pays because SQS bills by
 * 64 KiB, and because a body is escaped, signed and parsed several times on its way.
 */
const PREFIX = "zstd:";

/**
 * Frames of at least this many bytes are compressed. A smaller one gains no time, and SQS bills it
 * as a single unit anyway.
 */
const COMPRESSED_FROM = 8 * 1024;
/**
 * Larger frames (of a single huge row) are not compressed, so that decompressing a body never takes
 * much more memory than this.
 */
const COMPRESSED_UP_TO = 64 * 1024 * 1024;

/**
 * Node makes an output buffer of this size, and a further one when it is full. A full frame fits
 * into the first one.
 */
const DECOMPRESSED_CHUNK = 1088 * 1024;

const compressor = new FrameCompressor();
const decompress = promisify(zstdDecompress);

/**
 * The body for SQS. `frame` is the frame's text in UTF-8; it must not change until the promise has
 * settled.
 */
export async function packFrame(frame: Buffer): Promise<string | Base64Text> {
  if (frame.length < COMPRESSED_FROM || frame.length > COMPRESSED_UP_TO) {
    return legalText(frame.toString("utf8"));
  }
  return new Base64Text(PREFIX, await compressor.compress(frame));
}

/** The text of a frame from its body. Throws MalformedFrameError for damaged compressed data. */
export async function unpackFrame(body: string): Promise<string> {
  if (!body.startsWith(PREFIX)) return body;
  const compressed = Buffer.from(body.slice(PREFIX.length), "base64");
  try {
    const frame = await decompress(compressed, {
      chunkSize: DECOMPRESSED_CHUNK,
      maxOutputLength: COMPRESSED_UP_TO,
    });
    const text = frame.toString("utf8");
    freeBytes(frame);
    freeBytes(compressed);
    return text;
  } catch (cause) {
    throw new MalformedFrameError("the compressed frame cannot be read", { cause });
  }
}
