/** Aborted by SIGINT (Ctrl-C), by SIGTERM, or when the program that reads stdout has ended. */
export function stopOfPerson(): AbortSignal {
  const stop = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, () => stop.abort());
  process.stdout.on("error", () => stop.abort());
  return stop.signal;
}
