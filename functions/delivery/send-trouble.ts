import type { Trouble } from "../failures/parked.ts";

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
const REFUSED =
  /^(InvalidMessageContents|InvalidParameter|InvalidAttribute|UnsupportedOperation|BatchRequestTooLong)/;

/**
 * Whose trouble an error of a send is, after the SDK's own retries: a `Trouble` of the queue, or null when it is the
 * function's. What may concern one queue only is taken for that queue's trouble (time-outs and refused connections too):
 * parking costs a little when it was not, while waiting would make every other queue wait.
 */
export function sendTrouble(error: unknown): Trouble | null {
  const code = errorCode(error);
  if (OWN.has(code)) return null;
  return { reason: reasonOf(code), error: describe(code, error) };
}

function reasonOf(code: string): Trouble["reason"] {
  if (DENIED.test(code)) return "access-denied";
  if (THROTTLED.test(code)) return "throttled";
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
