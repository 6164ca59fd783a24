/** The program that reads the output has ended, like `head`, and has what it wanted. */
export class OutputClosedError extends Error {
  override readonly name = "OutputClosedError";
}

/**
 * Writes to standard output. Rejects with OutputClosedError, or with the system's error, when the
 * disk is full for example.
 */
export function print(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => {
      if (error) reject(outputError(error));
      else resolve();
    });
  });
}

/** An error of standard output, as `print` rejects with it. */
export function outputError(error: Error): Error {
  return "code" in error && error.code === "EPIPE"
    ? new OutputClosedError("the output is closed", { cause: error })
    : error;
}
