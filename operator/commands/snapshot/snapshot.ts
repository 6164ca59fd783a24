import type { Command } from "commander";
import { withStackOptions } from "../../shared/command.ts";
import { cancel, pause, resume } from "./change.ts";
import { list, show } from "./show.ts";
import { start } from "./start.ts";

const EXAMPLES = [
  "npm run snapshot -- start --subscriber search --environment staging --tables shop.orders",
  "npm run snapshot -- start --subscriber search --environment staging --tables 'shop.*' --where \"created_at >= '2026-01-01'\" --stack binlog-router-shop",
  "npm run snapshot -- list",
  "npm run snapshot -- show 20261128-101500-3f2a --watch",
];

/** Adds `snapshot`, which sends existing rows to one subscriber's queue in one environment. */
export function snapshot(program: Command): void {
  const command = withStackOptions(
    program
      .command("snapshot")
      .description(
        "Sends the rows that tables have now to one subscriber's queue, in order with the changes.",
      ),
    EXAMPLES,
  );
  for (const add of [start, list, show, pause, resume, cancel]) add(command);
}
