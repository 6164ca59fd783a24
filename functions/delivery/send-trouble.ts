import type { Trouble } from "../failures/parked.ts";
import { describeFault } from "../ground/describe-fault.ts";

/** Error codes that mean that the function cannot call AWS at the moment, for any queue. */
const OWN = new Set([
  "CredentialsProviderError",
  "ExpiredToken",
  "ExpiredTokenException",
  "IncompleteSignature",
  "InvalidClientTokenId",
  "InvalidSignatureException",
  "MissingAuthenticationToken",
  "RequestExpired",
  "SignatureDoesNotMatch",
  "UnrecognizedClientException",
]);

const DENIED = /^(AccessDenied|KMS|Kms|InvalidSecurity|NotAuthorized|OptInRequired)/;
const THROTTLED = /(Throttl|SlowDown|TooManyRequests|RequestLimitExceeded|OverLimit)/i;
const REFUSED = /^(InvalidMessageContents|InvalidParameter|InvalidAttribute|UnsupportedOperation)/;
const INVALID_PARAMETER = /^InvalidParameter/;
const TOO_LONG = /^BatchRequestTooLong/;
/** Names of JavaScript's errors for bugs in the router. */
const FAULT = /^(TypeError|RangeError|ReferenceError)$/;

/** The lowest `MaximumMessageSize` that a queue can have. */
const LOWEST_LIMIT_BYTES = 1024;

/**
 * Classifies an error of a send after the SDK's retries: a `Trouble` of the queue, or null when the
 * function itself is in trouble. An error that may concern only one queue, such as a timeout or a
 * refused connection, counts as that queue's trouble. If that is wrong, parking costs little, while
 * waiting would delay every other queue. `bytes` is the size of the largest message of the request.
 */
export function sendTrouble(error: unknown, bytes: number): Trouble | null {
  const code = errorCode(error);
  if (OWN.has(code)) return null;
  if (FAULT.test(code)) return { reason: "fault", error: describeFault(error) };
  return { reason: reasonOf(code, bytes), error: describe(code, error) };
}

/**
 * The queue's trouble when the payload bucket refuses a message's body, because access to the
 * environment's prefix or to a key is denied. Null for errors that concern every queue: the bucket
 * is unavailable, or the function cannot call AWS at all.
 */
export function payloadTrouble(error: unknown, prefix: string): Trouble | null {
  const code = errorCode(error);
  if (OWN.has(code) || THROTTLED.test(code) || !DENIED.test(code)) return null;
  const text = `the payload bucket refuses bodies under ${prefix}: ${describe(code, error)}`;
  return { reason: "access-denied", error: text };
}

function reasonOf(code: string, bytes: number): Trouble["reason"] {
  // Tested before access, because KMS throttles too.
  if (THROTTLED.test(code)) return "throttled";
  if (DENIED.test(code)) return "access-denied";
  // Groups, ids and attributes are always valid, so the message exceeds the queue's limit.
  if (TOO_LONG.test(code) || (INVALID_PARAMETER.test(code) && bytes > LOWEST_LIMIT_BYTES)) {
    return "too-large";
  }
  if (REFUSED.test(code)) return "refused";
  return "queue-unavailable";
}

/** The code of an AWS error or a system error; otherwise the error's name. */
function errorCode(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  if (error.name !== "Error" && error.name !== "AggregateError") return error.name;
  return "code" in error && typeof error.code === "string" ? error.code : error.name;
}

/** AWS's error messages name queues, keys and roles, but never the contents of a message. */
function describe(code: string, error: unknown): string {
  const message = error instanceof Error ? error.message : "";
  return message === "" ? code : `${code}: ${message}`;
}
