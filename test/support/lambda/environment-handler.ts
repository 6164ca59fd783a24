/** Returns the names of the process's environment variables. */
export async function handler(): Promise<string[]> {
  return Object.keys(process.env);
}
