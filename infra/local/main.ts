import { resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { REPOSITORY_ROOT } from "../stack/resources/repository-root.ts";
import { isClean } from "./demo/tally.ts";
import { display } from "./display/display.ts";
import { beginningText } from "./display/beginning-text.ts";
import { joinInText } from "./display/join-in.ts";
import { Steps } from "./display/steps.ts";
import { verdictTable } from "./display/verdict-table.ts";
import { failureText, isRefusal, refusalText } from "./exit.ts";
import { readConfiguration } from "./request/local-configuration.ts";
import { HelpRequested, parseOptions, type StartOptions } from "./request/options.ts";
import { assertReadable } from "./source/load-schema.ts";
import type { Stack } from "./stack.ts";
import { StackDirectory } from "./stack-file.ts";
import { stopRequest } from "./stop-requests.ts";

/**
 * Everything ends within 10 s of a signal. At this time the process exits; the child processes
 * watch it and end by themselves.
 */
const END_WITHIN_MS = 9_000;

const stop = new AbortController();
const steps = new Steps(process.stdout);
let firstSignalMs: number | null = null;
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, onSignal);
process.exitCode = await main(stop.signal);

function onSignal(): void {
  const nowMs = performance.now();
  const request = stopRequest(firstSignalMs === null ? null : nowMs - firstSignalMs);
  firstSignalMs ??= nowMs;
  if (request === "stop") {
    endInTime();
    stop.abort();
  }
  if (request === "end") {
    process.stderr.write(
      "npm start: ended at once; the next start removes what the demonstration made on a --mysql server.\n",
    );
    process.exit(1);
  }
}

/**
 * The exit code: 0 after an orderly end, 1 when the demonstration or a part failed, 2 when the
 * request was refused.
 */
async function main(signal: AbortSignal): Promise<number> {
  try {
    return await start(parseOptions(process.argv.slice(2), REPOSITORY_ROOT, process.env), signal);
  } catch (error) {
    if (error instanceof HelpRequested) {
      process.stdout.write(error.message);
      return 0;
    }
    if (signal.aborted) return 0;
    if (isRefusal(error)) {
      process.stderr.write(`${refusalText(error)}\n`);
      return 2;
    }
    process.stderr.write(`${failureText(error)}\n`);
    return 1;
  }
}

async function start(options: StartOptions, signal: AbortSignal): Promise<number> {
  // npm changes into the checkout; a person's relative path starts from INIT_CWD.
  const typedIn = process.env["INIT_CWD"] ?? process.cwd();
  const { configFile } = options;
  const config = await readConfiguration(configFile && resolve(typedIn, configFile));
  const schemaFile = options.schemaFile && resolve(typedIn, options.schemaFile);
  if (schemaFile !== undefined) await assertReadable(schemaFile);
  await using directory = await StackDirectory.claim(options.stateDirectory);
  // All modules take up to a second to load; a mistyped option is reported before that.
  const { startStack } = await import("./stack.ts");
  await using stack = await startStack(
    { options: { ...options, schemaFile }, config, directory, steps },
    signal,
  );
  steps.say(joinInText(stack.joinIn));
  steps.say(`Dashboard, alarms and queues in the browser: ${stack.pageUrl}`);
  for (const warning of stack.warnings) steps.say(warning);
  for (const line of beginningText(options, config.source.start, stack.kept)) steps.say(line);
  const code = await run(stack, options.durationMs, signal);
  endInTime(code);
  return code;
}

/** Shows the state until it is time to stop, then prints the demonstration's result if it ran. */
async function run(
  stack: Stack,
  durationMs: number | undefined,
  signal: AbortSignal,
): Promise<number> {
  const over =
    durationMs === undefined ? signal : AbortSignal.any([signal, AbortSignal.timeout(durationMs)]);
  await display(() => stack.snapshot(), process.stdout, over);
  const { demonstration } = stack;
  if (signal.aborted) steps.say("Stopping …");
  if (signal.aborted || demonstration === null) return 0;
  await demonstration.finish(signal);
  steps.say(verdictTable(demonstration.tally, stack.standStillMs()));
  return isClean(demonstration.tally.verdict()) ? 0 : 1;
}

function endInTime(code = 0): void {
  void delay(END_WITHIN_MS, undefined, { ref: false }).then(() => process.exit(code));
}
