import { InvalidArgumentError, Option, type Command } from "commander";
import { sentence } from "./command-error.ts";
import { confirm } from "./confirm.ts";
import { OutputClosedError, outputError } from "./output.ts";
import { progressLine, shownOn } from "./render.ts";
import { DEFAULT_STACK_FILE } from "./checkout.ts";
import type { Target } from "./target.ts";

/** How a command communicates with the person who runs it. */
export interface CommandContext {
  /** Prints the result: the value as JSON with `--json`, otherwise the text. */
  readonly report: (value: unknown, text: () => string) => void;
  /** Shows the progress of long work; "" clears the line at the end. */
  readonly progress: (text: string) => void;
  /** Asks before something irreversible. Throws CommandError unless a person agrees. */
  readonly confirm: (question: string) => Promise<void>;
}

/** The context of a command that works on a stack. */
export interface StackContext extends CommandContext {
  readonly target: Target;
}

interface SharedOptions {
  readonly json?: boolean;
  readonly stack?: string;
  readonly local: string;
}

const EXIT_CODES = "0 done; 2 it could not be done, and one sentence says why";

/** The last part of a command's help: the examples and the exit codes. */
export function helpText(examples: readonly string[], exitCodes: string): string {
  return `\nExamples:\n${examples.map((line) => `  ${line}\n`).join("")}\nExit code: ${exitCodes}.`;
}

/**
 * Adds the options by which `onStack` finds the stack, and examples in the help, to a command and
 * its subcommands.
 */
export function withStackOptions(command: Command, examples: readonly string[]): Command {
  return command
    .option(
      "--stack <name>",
      "a deployed stack, with AWS credentials and region as usual (default: the local one)",
    )
    .addOption(
      new Option("--local <file>", "the file that npm start writes").default(
        DEFAULT_STACK_FILE,
        ".local/stack.json",
      ),
    )
    .option("--json", "print JSON", false)
    .addHelpText("afterAll", helpText(examples, EXIT_CODES));
}

/**
 * Makes a commander action of `act`, which receives the arguments and the options and returns the
 * exit code (0 when it returns nothing). An error is printed as one sentence; the exit code is 2.
 */
export function action<Args extends unknown[]>(
  act: (context: CommandContext, ...args: Args) => Promise<number | void>,
) {
  return async function (this: Command, ...args: Args): Promise<void> {
    const { json = false } = this.optsWithGlobals<SharedOptions>();
    let isFailed = false;
    const fail = (error: unknown): void => {
      if (isFailed || error instanceof OutputClosedError) return;
      isFailed = true;
      console.error(shownOn(process.stderr, sentence(error)));
      process.exitCode = 2;
    };
    // Without a listener, `| head` would end the process with a stack trace.
    process.stdout.on("error", (error) => fail(outputError(error)));
    const context: CommandContext = {
      // console.log would hide that a full disk has not taken the result.
      report: (value, text) =>
        void process.stdout.write(
          `${shownOn(process.stdout, json ? JSON.stringify(value, null, 2) : text())}\n`,
        ),
      progress: progressLine(process.stderr),
      confirm,
    };
    try {
      const exitCode = (await act(context, ...args)) ?? 0;
      if (!isFailed) process.exitCode = exitCode;
    } catch (error) {
      fail(error);
    }
  };
}

/** An `action` on the stack that `--stack` or `--local` names. */
export function onStack<Args extends unknown[]>(
  act: (context: StackContext, ...args: Args) => Promise<void>,
) {
  return async function (this: Command, ...args: Args): Promise<void> {
    const { stack, local } = this.optsWithGlobals<SharedOptions>();
    await action(async (context) => {
      const { deployedTarget, localTarget } = await import("./target.ts");
      using target = await (stack === undefined ? localTarget(local) : deployedTarget(stack));
      await act({ ...context, target }, ...args);
    }).call(this);
  };
}

/** Parses an argument or an option's value. Throws commander's InvalidArgumentError. */
export function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("not a whole number");
  return Number(text);
}
