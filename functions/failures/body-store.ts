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
 * The maximum size of a compressed body that is stored in the record. All records of a stream are
 * in one partition of the table, to which DynamoDB allows 1,000 writes of 1 KB a second. Under
 * load, larger bodies would make it throttle the records of the next frames, and their lane would
 * wait.
 */
const INLINE_BYTES = 32_000;

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

/**
 * Stores the bodies of failure records, compressed (zstd), in the record or, if they are too large,
 * in the payload bucket.
 */
export interface BodyStore {
  store(stream: Stream, key: RecordKey, body: string): Promise<StoredBody>;
  /**
   * Loads a body. Throws BodyUnavailableError when the body of a parked record is missing or
   * damaged, and RangeError when the record is resolved and its body was removed.
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
