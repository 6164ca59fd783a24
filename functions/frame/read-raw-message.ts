import { NoSuchKey } from "@aws-sdk/client-s3";
import { MalformedFrameError } from "../../wire/decode-frame.ts";
import { unpackFrame } from "../../wire/frame-body.ts";
import { decodePointer } from "../../wire/payload-pointer.ts";
import { FRAME_PAYLOAD_PREFIX } from "../../wire/payloads.ts";
import type { PayloadBucket } from "../aws/payload-bucket.ts";
import { OwnTroubleError } from "../ground/errors.ts";
import { readFrame, type PositionedFrame } from "./read-frame.ts";

/**
 * The frame in a body of the raw queue, fetched from the payload bucket when the body is a pointer
 * to it. Throws MalformedFrameError when it is not a frame of ours, OwnTroubleError when the bucket
 * cannot be asked.
 */
export async function readRawMessage(
  body: string,
  source: string,
  payloads: PayloadBucket,
): Promise<PositionedFrame> {
  return readFrame(await unpackFrame(await rawText(body, payloads)), source);
}

/**
 * What a failure record keeps of a body of the raw queue: the text that it points to, because
 * records outlive the payloads of the raw queue; the body itself when it is no pointer, or one to
 * nothing. Throws OwnTroubleError.
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
    throw new MalformedFrameError("a pointer to another bucket");
  }
  // Nothing else may be read by the functions, so S3 would refuse it as it refuses when access is
  // broken.
  if (!pointer.key.startsWith(FRAME_PAYLOAD_PREFIX)) {
    throw new MalformedFrameError("a pointer to something else than a frame");
  }
  try {
    return (await payloads.get(pointer.key)).toString("utf8");
  } catch (cause) {
    // S3 says so only to those who may list the bucket; to others it is AccessDenied.
    if (cause instanceof NoSuchKey) {
      throw new MalformedFrameError("a pointer to a payload that is not there", { cause });
    }
    throw new OwnTroubleError("the payload bucket does not give a body", { cause });
  }
}
