/** Aborted by Ctrl-C, or when nobody reads what is printed any more. */
export function stopOfPerson(): AbortSignal {
  const stop = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, () => stop.abort());
  process.stdout.on("error", () => stop.abort());
  return stop.signal;
}
