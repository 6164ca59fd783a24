import { MESSAGE_BYTES } from "../../wire/frame.ts";
import type { OpenFrame } from "./open-frame.ts";

/** The sizes of a lane's frames, see `OpenFrame.bytes`. */
export interface FrameSizes {
  /** A frame of this size is full. If it did not shrink by compression, SQS would still take it. */
  readonly fullBytes: number;
  /** The same for frames of a lane whose rows shrink to half and less. */
  readonly mostBytes: number;
}

/**
 * The size of a full frame, KiB: in base64 it is a third larger, and SQS takes 1 MiB. Also the most
 * of a setting for it.
 */
export const FULL_KIB = 720;
const MOST_KIB = 1024;

/** `kib`: the setting `FRAME_KIB`, beyond which no frame grows. */
export function frameSizesOf(kib: number | undefined): FrameSizes {
  return { fullBytes: (kib ?? FULL_KIB) * 1024, mostBytes: (kib ?? MOST_KIB) * 1024 };
}

/**
 * A message counts as filled from this share of `MESSAGE_BYTES` on, because sizes are estimated.
 */
const FILLED = 0.985;

/**
 * Whether a frame accepts no more changes. `shrinks`: its lane's rows compress well. A frame may
 * then grow until its last message is filled: messages depend on one frame, and those of a group
 * are sent one after the other, so a message of a few changes would take the time of a full one.
 */
export function isFull(
  { bytes, messageBytes }: Pick<OpenFrame, "bytes" | "messageBytes">,
  { fullBytes, mostBytes }: FrameSizes,
  shrinks: boolean,
): boolean {
  if (bytes < fullBytes) return false;
  if (!shrinks || bytes >= mostBytes) return true;
  return messageBytes % MESSAGE_BYTES >= FILLED * MESSAGE_BYTES;
}
