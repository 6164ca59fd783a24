/**
 * The program of `npm run wait`: it ends when the stack that `npm start` is starting is ready. Exit
 * code 0 then; 1 when `npm start` ended before, or was not ready in time.
 */
import { Command } from "commander";
import { resolve } from "node:path";
import { sentence } from "../../operator/shared/command-error.ts";
import { wholeNumber } from "../../operator/shared/command.ts";
import { REPOSITORY_ROOT } from "../stack/resources/repository-root.ts";
import { untilReady } from "./until-ready.ts";

const options = new Command("npm run wait --")
  .description("Waits until everything that npm start runs is ready.")
  .option("--state <directory>", "the same as npm start's", ".local")
  .option("--timeout <seconds>", "how long to wait", wholeNumber, 300)
  .helpOption("--help", "show this")
  .parse()
  .opts<{ state: string; timeout: number }>();
try {
  const directory = resolve(REPOSITORY_ROOT, options.state);
  const { mysql, aws } = await untilReady(directory, options.timeout * 1000, () => {
    console.error(
      `No npm start is running with ${directory}. Waiting until one is, ${options.timeout} s at most.`,
    );
  });
  console.log(`ready: MySQL at ${mysql.host}:${mysql.port}, SQS at ${aws.sqsEndpoint}`);
} catch (error) {
  console.error(sentence(error));
  process.exitCode = 1;
}
