/** Where the bodies of all messages lie, each environment's below it. */
export const MESSAGE_PAYLOAD_PREFIX = "messages/";

/**
 * Where in the payload bucket the bodies of an environment's messages lie: its applications may
 * read there and nowhere else.
 */
export function messagePayloadPrefix(environment: string): string {
  return `${MESSAGE_PAYLOAD_PREFIX}${environment}/`;
}

/** Where the bodies of failure records lie. */
export const FAILURE_PAYLOAD_PREFIX = "failures/";

/**
 * Where the reader puts frames that are too large for the raw queue: those of a single large row.
 */
export const FRAME_PAYLOAD_PREFIX = "frames/";

/** Where the reader keeps the changes of XA transactions that stay prepared. */
export const XA_PAYLOAD_PREFIX = "xa/";
