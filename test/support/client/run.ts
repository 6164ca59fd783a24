import { execFile } from "node:child_process";
import { promisify } from "node:util";

/**
 * What a program printed. Rejects when it ends with another code than 0; the error then has what it
 * printed.
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
