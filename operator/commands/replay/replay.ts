import type { Command } from "commander";
import { withStackOptions } from "../../shared/command.ts";
import { withSourceOptions } from "../../stretch/stretch-options.ts";
import { cancel, list, pause, resume } from "./change.ts";
import { start } from "./start.ts";

const EXAMPLES = [
  "npm run replay -- --subscriber billing --environment staging --from 2h --dry-run",
  "npm run replay -- --subscriber billing --environment staging --from 2026-11-28T10:00:00Z --to 2026-11-28T11:00:00Z --tables shop.orders",
  "npm run replay -- list --stack binlog-router-shop",
  "npm run replay -- resume 20261128-101500-3f2a",
];

/** Adds `replay`, which sends a stretch of the binlog again to one subscriber's queue. */
export function replay(program: Command): void {
  const command = withStackOptions(
    withSourceOptions(
      program
        .command("replay")
        .description(
          "Sends the changes of a stretch of the binlog again to one subscriber's queue in one environment, in order, with their " +
            "ids and authors, marked as a replay. No other queue gets anything.",
        ),
    ),
    EXAMPLES,
  );
  for (const add of [start, list, pause, resume, cancel]) add(command);
}
