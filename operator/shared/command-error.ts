/**
 * A command cannot do what was asked. The message says why and what to do; the exit code is 2.
 */
export class CommandError extends Error {
  override readonly name = "CommandError";
}

/**
 * The text of an error for a person: one sentence with the driver's error code, if there is one,
 * and without a stack trace.
 */
export function sentence(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof CommandError) return error.message;
  const name = error.name === "Error" ? "" : `${error.name}: `;
  const { code } = error as { code?: unknown };
  const isNamed = typeof code !== "string" || error.message.startsWith(code);
  return `${name}${error.message}${isNamed ? "" : ` (${code})`}`;
}
