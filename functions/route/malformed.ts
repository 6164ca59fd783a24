import type { ParkedStreams } from "../delivery/hand-over.ts";
import type { Trouble } from "../failures/parked.ts";
import type { Stream } from "../failures/stream.ts";

/** A message of the raw queue that is no frame of ours has no positions; its record has this one. */
const NO_POSITION = "0";

/**
 * Keeps a message of the raw queue that could not be read, whole, so that an operator can look at it and a later version
 * of this code can read it. It has a stream of its own: it blocks nothing. If it was a frame, the position chain finds the
 * gap at once and its lane stops until the frame is back.
 */
export async function parkRawMessage(
  streams: ParkedStreams,
  messageId: string,
  body: string,
  trouble: Trouble,
): Promise<void> {
  const stream: Stream = { kind: "raw", lane: 0, name: messageId };
  const batch = { first: NO_POSITION, last: NO_POSITION, count: 0, body };
  await streams.park(stream, [batch], trouble);
}
