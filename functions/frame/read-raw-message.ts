import { NoSuchKey } from "@aws-sdk/client-s3";
import { MalformedFrameError } from "../../wire/frame.ts";
import type { PayloadBucket } from "../aws/payload-bucket.ts";
import { decodePointer } from "../../wire/payload-pointer.ts";
import { OwnTroubleError } from "../errors.ts";
import { readFrame, type PlacedFrame } from "./read-frame.ts";

/**
 * The frame in a body of the raw queue, fetched from the payload bucket when the body is a pointer to it. Throws
 * MalformedFrameError when it is not a frame of ours, OwnTroubleError when the bucket cannot be asked.
 */
export async function readRawMessage(
  body: string,
  source: string,
  payloads: PayloadBucket,
): Promise<PlacedFrame> {
  const pointer = decodePointer(body);
  if (pointer === null) return readFrame(body, source);
  if (pointer.bucket !== payloads.name) {
    throw new MalformedFrameError("a pointer to another bucket");
  }
  let payload: Buffer;
  try {
    payload = await payloads.get(pointer.key);
  } catch (cause) {
    if (cause instanceof NoSuchKey) {
      throw new MalformedFrameError("a pointer to a payload that is not there", { cause });
    }
    throw new OwnTroubleError("the payload bucket does not give a body", { cause });
  }
  return readFrame(payload.toString("utf8"), source);
}
