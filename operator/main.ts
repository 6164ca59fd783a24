#!/usr/bin/env node
import { Command } from "commander";

/**
 * The program `binlog-router <command>`. Each entry adds one command to it, with its options and
 * its help. Only the named command is loaded, so that it starts sooner.
 */
const COMMANDS: Readonly<Record<string, () => Promise<(program: Command) => void>>> = {
  doctor: async () => (await import("./commands/doctor/doctor.ts")).doctor,
  explain: async () => (await import("./commands/explain/explain.ts")).explain,
  failures: async () => (await import("./commands/failures/failures.ts")).failures,
  offsets: async () => (await import("./commands/offsets/offsets.ts")).offsets,
  plan: async () => (await import("./commands/plan/plan.ts")).plan,
  queues: async () => (await import("./commands/queues/queues.ts")).queues,
  replay: async () => (await import("./commands/replay/replay.ts")).replay,
  snapshot: async () => (await import("./commands/snapshot/snapshot.ts")).snapshot,
  tail: async () => (await import("./commands/tail/tail.ts")).tail,
};

const program = new Command("binlog-router")
  .description("Commands for operators.")
  .configureHelp({ showGlobalOptions: true })
  .showHelpAfterError()
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2));
const names = Object.keys(COMMANDS);
const named = names.filter((name) => name === process.argv[2]);
for (const name of named.length > 0 ? named : names) (await COMMANDS[name]?.())?.(program);
program.addHelpText(
  "after",
  `\nIn the checkout: npm run operator -- COMMAND …, or for short npm run ${names.join("|")} -- …\n` +
    "Exit code: 0 done; 2 it could not be done, and one sentence says why; others in the command's --help.",
);
await program.parseAsync();
