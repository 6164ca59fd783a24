/** Where in the payload bucket the bodies of an environment's messages lie: its applications may read there and nowhere else. */
export function messagePayloadPrefix(environment: string): string {
  return `messages/${environment}/`;
}

/** Where the bodies of failure records lie. */
export const FAILURE_PAYLOAD_PREFIX = "failures/";
