import { isChainError, OwnTroubleError } from "./errors.ts";

/** Names of errors that no code names, of the SDK's and of Node's. */
const NAMES = new Set(["AbortError", "CredentialsProviderError", "TimeoutError"]);
/**
 * A code of the operating system, such as ECONNRESET; Node's own begin with ERR_. One of those says
 * that a connection ended in the middle of an answer.
 */
const SYSTEM_CODE = /^(?:E(?!RR_)[A-Z_]+|ERR_STREAM_PREMATURE_CLOSE)$/;
/** The SDK's error when an object was damaged on its way has no name and no code. */
const DAMAGED_ANSWER = "Checksum mismatch: ";

/**
 * Whether an exception says that something is away which the functions depend on: DynamoDB, S3, the
 * network, credentials, or a lane's other frames. It ends by itself or by an operator's act, and
 * says nothing about what was being delivered. Any other exception is our own code's mistake.
 */
export function isOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (isOfAnswer(error)) return true;
  if (isMistake(error)) return false;
  if (error instanceof OwnTroubleError) return !hasFaults(error.cause);
  return isChainError(error) || isOfRequest(error) || NAMES.has(error.name) || hasSystemCode(error);
}

/**
 * Whether the error came while the SDK read an answer. It throws a SyntaxError where a proxy or an
 * overloaded server answers with something that is no JSON.
 */
function isOfAnswer(error: Error): boolean {
  return "$response" in error || error.message.startsWith(DAMAGED_ANSWER);
}

/** What the language throws for a mistake, or for a body that our own code did not write. */
function isMistake(error: Error): boolean {
  return (
    error instanceof TypeError ||
    error instanceof RangeError ||
    error instanceof SyntaxError ||
    error instanceof ReferenceError
  );
}

/** Whether one of several effects that failed together failed by a mistake. */
function hasFaults(cause: unknown): boolean {
  return cause instanceof AggregateError && cause.errors.some((error: unknown) => !isOutage(error));
}

/** The SDK marks each error of a request, also where no answer came. */
function isOfRequest(error: Error): boolean {
  return "$metadata" in error;
}

function hasSystemCode(error: Error): boolean {
  return "code" in error && typeof error.code === "string" && SYSTEM_CODE.test(error.code);
}
