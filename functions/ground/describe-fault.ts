import { isFilterError } from "./errors.ts";

/**
 * What may be recorded of an exception that our own code threw: its name and where it was thrown.
 * Its message may quote the row that it failed on, so it is left out.
 */
export function describeFault(error: unknown): string {
  if (!(error instanceof Error)) return "a value was thrown that is no error";
  if (isFilterError(error)) return `${error.name}: ${error.message}`;
  const stack = error.stack ?? "";
  // A message that was changed afterwards is not in the stack, and the former one may be.
  if (!stack.includes(error.message)) return error.name;
  const behindMessage = stack.slice(stack.indexOf(error.message) + error.message.length);
  const frame = /^\s+at (.+)$/m.exec(behindMessage);
  return frame === null ? error.name : `${error.name} at ${frame[1]}`;
}
