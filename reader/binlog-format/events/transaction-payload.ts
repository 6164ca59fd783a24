import { createZstdDecompress, zstdDecompressSync } from "node:zlib";
import { ByteReader } from "../byte-reader.ts";
import { CorruptEventError, UnsupportedEventError } from "../errors.ts";
import { EVENT_HEADER_LENGTH } from "./event-header.ts";

/**
 * A compressed transaction (`binlog_transaction_compression=ON`): one event with all its events.
 */
export interface TransactionPayload {
  readonly compression: "zstd" | "none";
  /** 0 when the event does not contain it. */
  readonly uncompressedSize: number;
  readonly payload: Buffer;
}

const Field = { END: 0, PAYLOAD_SIZE: 1, COMPRESSION_TYPE: 2, UNCOMPRESSED_SIZE: 3 } as const;
const ZSTD = 0;
const NONE = 255;
const CHUNK = 256 << 10;
const LARGEST_CHUNK = 256 << 20;
const EVENT_LENGTH_OFFSET = 9;
const LARGE_BYTES = 1 << 20;

/** Whether a TRANSACTION_PAYLOAD_EVENT is too large to decompress in one piece. */
export function isLargePayload(event: Buffer): boolean {
  const { uncompressedSize, payload } = parseTransactionPayload(event);
  return Math.max(uncompressedSize, payload.length) > LARGE_BYTES;
}

/**
 * Parses a TRANSACTION_PAYLOAD_EVENT, given with header, without checksum. Throws
 * CorruptEventError, or UnsupportedEventError for an unknown compression. Format:
 * libs/mysql/binlog/event/codecs/binary.cpp.
 */
export function parseTransactionPayload(event: Buffer): TransactionPayload {
  const reader = new ByteReader(event, EVENT_HEADER_LENGTH);
  let size: number | undefined;
  let compression: number | undefined;
  let uncompressedSize = 0;
  for (;;) {
    const field = reader.lengthEncoded();
    if (field === Field.END) break;
    const length = reader.lengthEncoded();
    const start = reader.skip(length);
    const value = new ByteReader(event, start, start + length);
    if (field === Field.PAYLOAD_SIZE) size = value.lengthEncoded();
    else if (field === Field.COMPRESSION_TYPE) compression = value.lengthEncoded();
    else if (field === Field.UNCOMPRESSED_SIZE) uncompressedSize = value.lengthEncoded();
  }
  if (size === undefined || compression === undefined) {
    throw new CorruptEventError("a compressed transaction lacks its size or compression");
  }
  if (compression !== ZSTD && compression !== NONE) {
    throw new UnsupportedEventError(
      `a transaction has the unknown compression ${compression}; run SET PERSIST binlog_transaction_compression = OFF`,
    );
  }
  return {
    compression: compression === ZSTD ? "zstd" : "none",
    uncompressedSize,
    payload: reader.slice(size),
  };
}

/**
 * The events of a compressed transaction, with headers and without checksums. It decompresses the
 * whole transaction at once; use `streamTransactionPayload` for a large one. Throws
 * CorruptEventError.
 */
export function* transactionPayloadEvents(event: Buffer): Generator<Buffer, void, undefined> {
  const { compression, uncompressedSize, payload } = parseTransactionPayload(event);
  const assembler = new EventAssembler();
  yield* assembler.add(compression === "none" ? payload : decompress(payload, uncompressedSize));
  assembler.finish();
}

/**
 * The same events, decompressed piece by piece as they are read, to save memory. Throws
 * CorruptEventError.
 */
export async function* streamTransactionPayload(
  event: Buffer,
): AsyncGenerator<Buffer, void, undefined> {
  const { compression, payload } = parseTransactionPayload(event);
  const assembler = new EventAssembler();
  if (compression === "none") yield* assembler.add(payload);
  else for await (const chunk of decompressed(payload)) yield* assembler.add(chunk);
  assembler.finish();
}

function decompress(payload: Buffer, size: number): Buffer {
  try {
    // One chunk of the right size avoids concatenating many.
    const chunkSize = Math.min(Math.max(size, CHUNK), LARGEST_CHUNK);
    return zstdDecompressSync(payload, size > 0 ? { chunkSize, maxOutputLength: size } : {});
  } catch (cause) {
    throw undecompressable(cause);
  }
}

async function* decompressed(payload: Buffer): AsyncGenerator<Buffer, void, undefined> {
  const stream = createZstdDecompress({ chunkSize: CHUNK });
  stream.end(payload);
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) yield chunk;
  } catch (cause) {
    throw undecompressable(cause);
  }
}

function undecompressable(cause: unknown): CorruptEventError {
  return new CorruptEventError("a compressed transaction cannot be decompressed", { cause });
}

/** Splits a stream of bytes into events. */
class EventAssembler {
  #chunks: Buffer[] = [];
  #available = 0;
  #needed = EVENT_HEADER_LENGTH;

  /** Yields the events that this chunk completes. */
  *add(chunk: Buffer): Generator<Buffer, void, undefined> {
    this.#chunks.push(chunk);
    this.#available += chunk.length;
    if (this.#available < this.#needed) return;
    const bytes = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks);
    let at = 0;
    for (;;) {
      this.#needed = EVENT_HEADER_LENGTH;
      if (bytes.length - at >= EVENT_HEADER_LENGTH) {
        this.#needed = bytes.readUInt32LE(at + EVENT_LENGTH_OFFSET);
        if (this.#needed < EVENT_HEADER_LENGTH) {
          throw new CorruptEventError("an event is shorter than its header");
        }
      }
      if (bytes.length - at < this.#needed) break;
      yield bytes.subarray(at, at + this.#needed);
      at += this.#needed;
    }
    this.#chunks = [bytes.subarray(at)];
    this.#available = bytes.length - at;
  }

  /** Throws CorruptEventError when an event is incomplete. */
  finish(): void {
    if (this.#available > 0) {
      throw new CorruptEventError("a compressed transaction ends inside an event");
    }
  }
}
