/** The key prefix of all message bodies in the payload bucket. */
export const MESSAGE_PAYLOAD_PREFIX = "messages/";

/**
 * The key prefix of an environment's message bodies. The environment's applications may read only
 * these objects.
 */
export function messagePayloadPrefix(environment: string): string {
  return `${MESSAGE_PAYLOAD_PREFIX}${environment}/`;
}

/** The key prefix of the bodies of failure records. */
export const FAILURE_PAYLOAD_PREFIX = "failures/";

/** The key prefix of frames that are too large for the raw queue (a single large row). */
export const FRAME_PAYLOAD_PREFIX = "frames/";

/** The key prefix of the changes of XA transactions that stay prepared. */
export const XA_PAYLOAD_PREFIX = "xa/";
