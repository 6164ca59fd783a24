/**
 * Aborted by SIGINT (Ctrl-C), by SIGTERM, or when the program that reads stdout has ended. A second
 * SIGINT or SIGTERM ends the process at once, because what it waits for may never come.
 */
export function stopOfPerson(): AbortSignal {
  const stop = new AbortController();
  const signals = ["SIGINT", "SIGTERM"] as const;
  const onSignal = (): void => {
    for (const name of signals) process.off(name, onSignal);
    stop.abort();
  };
  for (const name of signals) process.on(name, onSignal);
  process.stdout.on("error", () => stop.abort());
  return stop.signal;
}
