/** Answers with the names of its environment variables. */
export async function handler(): Promise<string[]> {
  return Object.keys(process.env);
}
