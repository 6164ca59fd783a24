#!/usr/bin/env node
import { PortInUseError } from "./http/port-in-use-error.ts";
import { HelpRequested, parseOptions, UsageError } from "./options.ts";
import { startLocalAws } from "./start-local-aws.ts";

process.exitCode = await main(process.argv.slice(2));

/** Runs the program; returns the exit code. */
async function main(argv: readonly string[]): Promise<number> {
  try {
    const stopped = signalled();
    await using aws = await startLocalAws(parseOptions(argv));
    for (const [name, value] of Object.entries(aws.environment())) console.log(`${name}=${value}`);
    await stopped;
    return 0;
  } catch (error) {
    if (error instanceof HelpRequested) {
      process.stdout.write(error.message);
      return 0;
    }
    if (!(error instanceof UsageError || error instanceof PortInUseError)) throw error;
    console.error(`local-aws: ${error.message} (--help lists the options)`);
    return 2;
  }
}

/** Resolves at the first SIGINT or SIGTERM. A second one ends the process at once. */
function signalled(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => resolve());
  return promise;
}
