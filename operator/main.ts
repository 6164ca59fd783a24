#!/usr/bin/env node
import { Command } from "commander";
import { doctor } from "./commands/doctor/doctor.ts";
import { explain } from "./commands/explain/explain.ts";
import { failures } from "./commands/failures/failures.ts";
import { offsets } from "./commands/offsets/offsets.ts";
import { plan } from "./commands/plan/plan.ts";
import { queues } from "./commands/queues/queues.ts";
import { replay } from "./commands/replay/replay.ts";
import { snapshot } from "./commands/snapshot/snapshot.ts";
import { tail } from "./commands/tail/tail.ts";

/**
 * The program `binlog-router <command>`. Each entry adds one command to it, with its options and
 * its help.
 */
const COMMANDS = [doctor, explain, failures, offsets, plan, queues, replay, snapshot, tail];

const program = new Command("binlog-router")
  .description("Commands for operators.")
  .configureHelp({ showGlobalOptions: true })
  .showHelpAfterError()
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2));
for (const add of COMMANDS) add(program);
const names = program.commands.map((command) => command.name());
program.addHelpText(
  "after",
  `\nIn the checkout: npm run operator -- COMMAND …, or for short npm run ${names.join("|")} -- …\n` +
    "Exit code: 0 done; 2 it could not be done, and one sentence says why; others in the command's --help.",
);
await program.parseAsync();
