import { ConfigError } from "../../config/config-error.ts";
import { DamagedFileError, PortInUseError as AwsPortInUseError } from "@binlog-router/local-aws";
import { ChildEndedError } from "./process/child-process.ts";
import { InvocationError } from "./lambda/errors.ts";
import {
  MysqlNotFoundError,
  MysqlStartError,
  PortInUseError as MysqlPortInUseError,
} from "./mysql/errors.ts";
import { ReaderLateError } from "./reader-service.ts";
import { Refusal } from "./request/refusal.ts";

type RefusingError = Refusal | ConfigError | AwsPortInUseError | MysqlPortInUseError;

/** Whether an error means that the request cannot be fulfilled, so that nothing was started. */
export function isRefusal(error: unknown): error is RefusingError {
  return (
    error instanceof Refusal ||
    error instanceof ConfigError ||
    error instanceof AwsPortInUseError ||
    error instanceof MysqlPortInUseError
  );
}

/** What `npm start` prints about it. */
export function refusalText(error: RefusingError): string {
  if (error instanceof ConfigError)
    return `The configuration is unusable:\n${indented(error.message)}`;
  if (error instanceof Refusal) return `npm start: ${error.message}.`;
  return `npm start: ${error.message}; stop that program or choose another --port-base.`;
}

/**
 * What `npm start` prints when a part could not start: the message of an expected error, the stack
 * trace of any other.
 */
export function failureText(error: unknown): string {
  const foreseen =
    error instanceof DamagedFileError ||
    error instanceof MysqlNotFoundError ||
    error instanceof MysqlStartError ||
    error instanceof ChildEndedError ||
    error instanceof ReaderLateError ||
    error instanceof InvocationError;
  if (!(error instanceof Error)) return `npm start: ${String(error)}`;
  // Only message or stack trace: a driver's error object may contain a statement with a password.
  return `npm start: ${foreseen ? error.message : (error.stack ?? error.message)}`;
}

function indented(text: string): string {
  return text.replace(/^/gm, "  ");
}
