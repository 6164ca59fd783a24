import type { Trouble } from "../failures/parked.ts";
import { describeFault } from "../ground/describe-fault.ts";

/** Codes that say that the function may not call AWS at all just now, whatever the queue. */
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
/** What the language throws for a mistake in our own code. */
const FAULT = /^(TypeError|RangeError|ReferenceError)$/;

/** The lowest limit that a queue can have for its messages (`MaximumMessageSize`). */
const LOWEST_LIMIT_BYTES = 1024;

/**
 * Whose trouble an error of a send is, after the SDK's own retries: a `Trouble` of the queue, or
 * null when it is the function's. What may concern one queue only is taken for that queue's trouble
 * (time-outs and refused connections too): parking costs a little when it was not, while waiting
 * would make every other queue wait. `bytes`: of the largest message of the request.
 */
export function sendTrouble(error: unknown, bytes: number): Trouble | null {
  const code = errorCode(error);
  if (OWN.has(code)) return null;
  if (FAULT.test(code)) return { reason: "fault", error: describeFault(error) };
  return { reason: reasonOf(code, bytes), error: describe(code, error) };
}

/**
 * The trouble of a queue whose message the payload bucket refuses: access to the environment's
 * prefix or to a key is denied. Null: the bucket is away, or the function may call nothing, which
 * concerns every queue.
 */
export function payloadTrouble(error: unknown, prefix: string): Trouble | null {
  const code = errorCode(error);
  if (OWN.has(code) || THROTTLED.test(code) || !DENIED.test(code)) return null;
  const text = `the payload bucket refuses bodies under ${prefix}: ${describe(code, error)}`;
  return { reason: "access-denied", error: text };
}

function reasonOf(code: string, bytes: number): Trouble["reason"] {
  // Before access: KMS throttles as well.
  if (THROTTLED.test(code)) return "throttled";
  if (DENIED.test(code)) return "access-denied";
  // Groups, ids and attributes are made to be legal. What is left is a message beyond the queue's
  // own limit.
  if (TOO_LONG.test(code) || (INVALID_PARAMETER.test(code) && bytes > LOWEST_LIMIT_BYTES)) {
    return "too-large";
  }
  if (REFUSED.test(code)) return "refused";
  return "queue-unavailable";
}

/** An AWS error's code, a system error's, or the error's name. */
function errorCode(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  if (error.name !== "Error" && error.name !== "AggregateError") return error.name;
  return "code" in error && typeof error.code === "string" ? error.code : error.name;
}

/** AWS's messages name queues, keys and roles, never a message's contents. */
function describe(code: string, error: unknown): string {
  const message = error instanceof Error ? error.message : "";
  return message === "" ? code : `${code}: ${message}`;
}
