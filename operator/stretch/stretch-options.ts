import type { Command } from "commander";
import { DEFAULT_CONFIG_FILE } from "../shared/checkout.ts";

/** Adds the options by which `tracedSource` finds the source of a deployed stack. */
export function withSourceOptions(command: Command): Command {
  return command
    .option(
      "--config <file>",
      "with --stack: the deployed configuration, as a JSON file",
      DEFAULT_CONFIG_FILE,
    )
    .option("--source <name>", "with --stack: the source, if the configuration has several")
    .option(
      "--at <host:port>",
      "with --stack: the address at which this machine reaches MySQL, for example through a tunnel",
    );
}
