import { NoSuchKey } from "@aws-sdk/client-s3";
import { MalformedFrameError } from "../../wire/decode-frame.ts";
import { unpackFrame } from "../../wire/frame-body.ts";
import { decodePointer } from "../../wire/payload-pointer.ts";
import { FRAME_PAYLOAD_PREFIX } from "../../wire/payloads.ts";
import type { PayloadBucket } from "../aws/payload-bucket.ts";
import { OwnTroubleError } from "../ground/errors.ts";
import { readFrame, type PositionedFrame } from "./read-frame.ts";

/**
 * Reads the frame in a body of the raw queue, from the payload bucket when the body is a pointer.
 * Throws MalformedFrameError when it is not a frame of this source, OwnTroubleError when the bucket
 * cannot be read.
 */
export async function readRawMessage(
  body: string,
  source: string,
  payloads: PayloadBucket,
): Promise<PositionedFrame> {
  return readFrame(await unpackFrame(await rawText(body, payloads)), source);
}

/**
 * The text that a failure record stores for a body of the raw queue. For a pointer, it is the text
 * that the body points to, because failure records are kept longer than payloads of the raw queue.
 * It is the body itself when that is not a pointer or not a valid one. Throws OwnTroubleError.
 */
export async function textToPark(body: string, payloads: PayloadBucket): Promise<string> {
  try {
    return await rawText(body, payloads);
  } catch (error) {
    if (error instanceof MalformedFrameError) return body;
    throw error;
  }
}

async function rawText(body: string, payloads: PayloadBucket): Promise<string> {
  const pointer = decodePointer(body);
  if (pointer === null) return body;
  if (pointer.bucket !== payloads.name) {
    throw new MalformedFrameError("the message points to another bucket");
  }
  // The functions may read only this prefix. For other keys, S3's error would look like missing
  // permissions.
  if (!pointer.key.startsWith(FRAME_PAYLOAD_PREFIX)) {
    throw new MalformedFrameError("the message points to an object that is not a frame");
  }
  try {
    return (await payloads.get(pointer.key)).toString("utf8");
  } catch (cause) {
    // S3 returns NoSuchKey only to callers that may list the bucket, and AccessDenied to others.
    if (cause instanceof NoSuchKey) {
      throw new MalformedFrameError("the message points to an object that does not exist", {
        cause,
      });
    }
    throw new OwnTroubleError("a body cannot be read from the payload bucket", { cause });
  }
}
