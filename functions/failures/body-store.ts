import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { zstdCompress, zstdDecompress } from "node:zlib";
import { NoSuchKey } from "@aws-sdk/client-s3";
import { FAILURE_PAYLOAD_PREFIX } from "../../wire/payloads.ts";
import type { PayloadBucket } from "../aws/payload-bucket.ts";
import { BodyUnavailableError } from "../ground/errors.ts";
import type { RecordKey, StoredBody } from "./parked.ts";
import { streamText, type Stream } from "./stream.ts";

/**
 * Bytes of a compressed body that a record holds itself. All records of a stream have one partition
 * of the table, which DynamoDB lets write 1,000 units of 1 KB a second: under load, larger bodies
 * would have it refuse the next frames' records, and their lane would wait.
 */
const INLINE_BYTES = 32_000;

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

/**
 * Keeps the bodies of failure records: compressed (zstd), in the record or, when it is too large,
 * in the payload bucket.
 */
export interface BodyStore {
  store(stream: Stream, key: RecordKey, body: string): Promise<StoredBody>;
  /**
   * The body. Throws BodyUnavailableError when there is none any more though the record waits for
   * it, and RangeError when the record has been resolved and its body removed.
   */
  load(body: StoredBody): Promise<string>;
}

export function bodyStore(bucket: PayloadBucket): BodyStore {
  return {
    async store(stream, key, body) {
      const data = await compress(body);
      if (data.length <= INLINE_BYTES) return { kind: "inline", data };
      const name = createHash("sha256")
        .update(`${streamText(stream)}\n${key}`)
        .digest("hex");
      const objectKey = FAILURE_PAYLOAD_PREFIX + name;
      await bucket.put(objectKey, data);
      return { kind: "object", key: objectKey };
    },
    async load(body) {
      switch (body.kind) {
        case "inline":
          return await unpack(body.data, "in the record");
        case "object":
          return await unpack(await fetchObject(bucket, body.key), `in the object ${body.key}`);
        case "removed":
          throw new RangeError("the record's body has been removed");
        default:
          return body satisfies never;
      }
    },
  };
}

async function fetchObject(bucket: PayloadBucket, key: string): Promise<Uint8Array> {
  try {
    return await bucket.get(key);
  } catch (cause) {
    if (!(cause instanceof NoSuchKey)) throw cause;
    throw new BodyUnavailableError(
      `the payload bucket no longer has the object ${key}: put it back, or discard the record`,
      { cause },
    );
  }
}

async function unpack(data: Uint8Array, location: string): Promise<string> {
  try {
    return (await decompress(data)).toString("utf8");
  } catch (cause) {
    throw new BodyUnavailableError(
      `the body ${location} is not valid zstd: restore the original, or discard the record`,
      { cause },
    );
  }
}
