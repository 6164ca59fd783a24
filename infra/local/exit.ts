import { ConfigError } from "../config/config-error.ts";
import { PortInUseError as AwsPortInUseError } from "./aws/http/port-in-use-error.ts";
import { PortInUseError as MysqlPortInUseError } from "./mysql/errors.ts";
import { Refusal } from "./refusal.ts";

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

/** What is said about it. */
export function refusalText(error: RefusingError): string {
  if (error instanceof ConfigError)
    return `The configuration is unusable:\n${indented(error.message)}`;
  if (error instanceof Refusal) return `npm start: ${error.message}.`;
  return `npm start: ${error.message}; stop that program or choose another --port-base.`;
}

function indented(text: string): string {
  return text.replace(/^/gm, "  ");
}
