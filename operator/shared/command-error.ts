/**
 * A command cannot do what was asked; the message says why and what to do. Ends with exit code 2.
 */
export class CommandError extends Error {
  override readonly name = "CommandError";
}

/**
 * What a person reads of an error: one sentence, with the code that a driver gave it, and without a
 * stack trace.
 */
export function sentence(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof CommandError) return error.message;
  const name = error.name === "Error" ? "" : `${error.name}: `;
  const { code } = error as { code?: unknown };
  return `${name}${error.message}${typeof code === "string" ? ` (${code})` : ""}`;
}
