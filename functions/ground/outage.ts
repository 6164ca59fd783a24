import { isChainError, OwnTroubleError } from "./errors.ts";

/** Names of outage errors of the SDK and of Node that have no code of the operating system. */
const NAMES = new Set(["AbortError", "CredentialsProviderError", "TimeoutError"]);
/**
 * Matches codes of the operating system, such as ECONNRESET, and Node's code for a connection that
 * ended in the middle of a response. It matches no other code of Node; these begin with ERR_.
 */
const SYSTEM_CODE = /^(?:E(?!RR_)[A-Z_]+|ERR_STREAM_PREMATURE_CLOSE)$/;
/** The beginning of the SDK's error for a damaged object, which has no name and no code. */
const DAMAGED_ANSWER = "Checksum mismatch: ";

/**
 * Whether an exception means that something is unavailable which the functions depend on: DynamoDB,
 * S3, the network, credentials, or other frames of the lane. It ends by itself or after an
 * operator's action, and is unrelated to the delivered data. Any other exception is a bug in the
 * router.
 */
export function isOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (isOfAnswer(error)) return true;
  if (isMistake(error)) return false;
  if (error instanceof OwnTroubleError) return !hasFaults(error.cause);
  return isChainError(error) || isOfRequest(error) || NAMES.has(error.name) || hasSystemCode(error);
}

/**
 * Whether the error occurred while the SDK read a response. The SDK throws a SyntaxError when a
 * proxy or an overloaded server responds with something other than JSON.
 */
function isOfAnswer(error: Error): boolean {
  return "$response" in error || error.message.startsWith(DAMAGED_ANSWER);
}

/** JavaScript's errors for a bug, or for a body that the router did not write. */
function isMistake(error: Error): boolean {
  return (
    error instanceof TypeError ||
    error instanceof RangeError ||
    error instanceof SyntaxError ||
    error instanceof ReferenceError
  );
}

/** Whether one of several errors that were thrown together is a bug. */
function hasFaults(cause: unknown): boolean {
  return cause instanceof AggregateError && cause.errors.some((error: unknown) => !isOutage(error));
}

/** The SDK adds `$metadata` to every error of a request, even without a response. */
function isOfRequest(error: Error): boolean {
  return "$metadata" in error;
}

function hasSystemCode(error: Error): boolean {
  return "code" in error && typeof error.code === "string" && SYSTEM_CODE.test(error.code);
}
