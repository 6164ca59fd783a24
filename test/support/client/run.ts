import { execFile } from "node:child_process";
import { promisify } from "node:util";

/**
 * Runs a program and returns its standard output. Rejects when the exit code is not 0; the error
 * contains the output.
 */
export async function run(
  program: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env?: NodeJS.ProcessEnv },
): Promise<string> {
  const { stdout } = await promisify(execFile)(program, [...args], {
    ...options,
    maxBuffer: 2 ** 24,
  });
  return stdout;
}
