// Imported as a namespace, because the client library also runs on versions of Node whose zlib has
// no Zstandard.
import * as zlib from "node:zlib";
import { promisify } from "node:util";
import { InvalidMessageError, UnsupportedMessageVersionError } from "./message.ts";
import { ZSTD_CHUNK, ZSTD_OPTIONS } from "./zstd-options.ts";

/**
 * The version of a message whose text is compressed (Zstandard, RFC 8878) and encoded in base64:
 * `{"version":2,"encoding":"zstd","data":"…"}`. The version is higher so that a client that knows
 * only version 1 refuses the message.
 */
const COMPRESSED_VERSION = 2;
const BEFORE_DATA = `{"version":${COMPRESSED_VERSION},"encoding":"zstd","data":"`;
const BEHIND_DATA = '"}';

/**
 * Texts of at least this many bytes are compressed. SQS bills a shorter one as a single unit
 * anyway.
 */
const COMPRESSED_FROM = 8 * 1024;
/**
 * Larger texts are not compressed, so that decompressing a body never takes much more memory than
 * this.
 */
const COMPRESSED_UP_TO = 64 * 1024 * 1024;

/**
 * What is used of a Utf8Text. That file is not imported, because the client library includes this
 * one, and Node 20 has not all that a Utf8Text needs.
 */
interface LentText {
  readonly bytes: Buffer;
  lend(read: (bytes: Buffer) => Promise<Buffer>): Promise<Buffer>;
}

const compress = (bytes: Buffer): Promise<Buffer> =>
  promisify(zlib.zstdCompress)(bytes, ZSTD_OPTIONS);

/** The message body for a text: compressed, unless the text is short or huge. */
export async function compressMessage<Text extends string | LentText>(
  text: Text,
): Promise<Text | string> {
  const length = typeof text === "string" ? Buffer.byteLength(text) : text.bytes.length;
  if (length < COMPRESSED_FROM || length > COMPRESSED_UP_TO) return text;
  const compressed = await (typeof text === "string"
    ? compress(Buffer.from(text))
    : text.lend(compress));
  return BEFORE_DATA + compressed.toString("base64") + BEHIND_DATA;
}

/**
 * The text of a message from a body that `compressMessage` made; any other body is the text itself.
 * Throws InvalidMessageError for damaged data, UnsupportedMessageVersionError when this Node has no
 * Zstandard.
 */
export async function messageText(body: string): Promise<string> {
  if (!body.startsWith(BEFORE_DATA) || !body.endsWith(BEHIND_DATA)) return body;
  if (!("zstdDecompress" in zlib)) {
    throw new UnsupportedMessageVersionError(
      COMPRESSED_VERSION,
      `It is compressed with zstd, which Node ${process.version} cannot read: run the application with Node 22.15 or later, ` +
        'or remove "encoding" from the subscriber in the router\'s configuration.',
    );
  }
  const data = body.slice(BEFORE_DATA.length, -BEHIND_DATA.length);
  try {
    const text = await promisify(zlib.zstdDecompress)(Buffer.from(data, "base64"), {
      chunkSize: ZSTD_CHUNK,
      maxOutputLength: COMPRESSED_UP_TO,
    });
    return text.toString("utf8");
  } catch {
    throw new InvalidMessageError("the compressed text is damaged");
  }
}
