import type { Command } from "commander";
import { withStackOptions } from "../../shared/command.ts";
import { goOn } from "./continue.ts";
import { set } from "./set.ts";
import { show } from "./show.ts";

const EXAMPLES = [
  "npm run offsets -- show --stack shop-router",
  "npm run offsets -- set --file mysql-bin.000017:4 --stack shop-router",
  "npm run offsets -- continue",
  "npm run offsets -- set --past 3E11FA47-71CA-11E1-9E33-C80AA9429562:78",
  "npm run offsets -- set --gtid 3E11FA47-71CA-11E1-9E33-C80AA9429562:1-77",
];

/** Adds `offsets`, which shows and changes where the reader is. */
export function offsets(program: Command): void {
  const command = withStackOptions(
    program
      .command("offsets")
      .description(
        "Shows how far the binlog was read and delivered, and moves the reader to another position.",
      ),
    EXAMPLES,
  );
  for (const add of [show, set, goOn]) add(command);
}
