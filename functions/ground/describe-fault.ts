import { isFilterError } from "./errors.ts";

/**
 * Describes an exception of the router's code for logs and records: its name and where it was
 * thrown. Its message is left out, because it may contain row data. Messages of filter errors
 * contain none and are included.
 */
export function describeFault(error: unknown): string {
  if (!(error instanceof Error)) return "the thrown value is not an Error";
  if (isFilterError(error)) return `${error.name}: ${error.message}`;
  const stack = error.stack ?? "";
  // If the message was changed after the throw, the stack may contain the former message.
  if (!stack.includes(error.message)) return error.name;
  const behindMessage = stack.slice(stack.indexOf(error.message) + error.message.length);
  const frame = /^\s+at (.+)$/m.exec(behindMessage);
  return frame === null ? error.name : `${error.name} at ${frame[1]}`;
}
