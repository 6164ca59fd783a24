import type { Command } from "commander";
import { withStackOptions } from "../../shared/command.ts";
import { attribute } from "./attribute.ts";
import { discard } from "./discard.ts";
import { exportRecords } from "./export.ts";
import { acceptGap, lanes } from "./lanes.ts";
import { list } from "./list.ts";
import { redrive } from "./redrive.ts";
import { retry } from "./retry.ts";
import { show } from "./show.ts";

const SUBCOMMANDS = [
  list,
  show,
  retry,
  discard,
  attribute,
  exportRecords,
  redrive,
  lanes,
  acceptGap,
];

const EXAMPLES = [
  "npm run failures -- list --stack shop-router",
  "npm run failures -- show queue/0/shop-billing-staging.fifo --limit 5",
  "npm run failures -- retry --reason access-denied",
  "npm run failures -- attribute SERVER/RUN/THREAD --user app_staging",
  "npm run failures -- export --output parked.jsonl",
];

/** Adds `failures`, whose subcommands show and manage parked changes. */
export function failures(program: Command): void {
  const command = withStackOptions(
    program
      .command("failures")
      .description(
        "Shows the changes that binlog-router could not deliver yet, and retries, attributes or discards them.",
      ),
    EXAMPLES,
  );
  for (const add of SUBCOMMANDS) add(command);
}
