// As a namespace: the client library runs on versions of Node whose zlib has no Zstandard.
import * as zlib from "node:zlib";
import { promisify } from "node:util";
import { InvalidMessageError, UnsupportedMessageVersionError } from "./message.ts";
import { ZSTD_CHUNK, ZSTD_OPTIONS } from "./zstd-options.ts";

/**
 * The version of a message whose text is compressed (Zstandard, RFC 8878) and in base64:
 * `{"version":2,"encoding":"zstd","data":"…"}`. A reader that knows version 1 only sees at once
 * that it cannot read it.
 */
const COMPRESSED_VERSION = 2;
const BEFORE_DATA = `{"version":${COMPRESSED_VERSION},"encoding":"zstd","data":"`;
const BEHIND_DATA = '"}';

/** Bytes of a text from which on it is compressed: SQS bills a shorter one as a single unit. */
const COMPRESSED_FROM = 8 * 1024;
/** What is larger goes as it is, so that reading a body never takes much more memory than this. */
const COMPRESSED_UP_TO = 64 * 1024 * 1024;

/** A message's text as the body of a message: compressed, unless it is short or huge. */
export async function compressMessage(text: string): Promise<string> {
  const bytes = Buffer.byteLength(text);
  if (bytes < COMPRESSED_FROM || bytes > COMPRESSED_UP_TO) return text;
  const compressed = await promisify(zlib.zstdCompress)(Buffer.from(text), ZSTD_OPTIONS);
  return BEFORE_DATA + compressed.toString("base64") + BEHIND_DATA;
}

/**
 * The text of a message, from a body of `compressMessage`; any other body is the text itself.
 * Throws InvalidMessageError for damaged data, UnsupportedMessageVersionError where this Node has
 * no Zstandard.
 */
export async function messageText(body: string): Promise<string> {
  if (!body.startsWith(BEFORE_DATA) || !body.endsWith(BEHIND_DATA)) return body;
  if (!("zstdDecompress" in zlib)) {
    throw new UnsupportedMessageVersionError(
      COMPRESSED_VERSION,
      `It is compressed with zstd, which Node ${process.version} cannot read: run the application with Node 22.15 or later, ` +
        'or take "encoding" out of the subscriber in the router\'s configuration.',
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
