/** A command cannot do what was asked; the message tells the operator why and what to do. Ends with exit code 2. */
export class CommandError extends Error {
  override readonly name = "CommandError";
}
