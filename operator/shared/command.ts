import { InvalidArgumentError, Option, type Command } from "commander";
import { sentence } from "./command-error.ts";
import { confirm } from "./confirm.ts";
import { progressLine } from "./render.ts";
import { DEFAULT_STACK_FILE } from "./stack-file.ts";
import { deployedTarget, localTarget, type Target } from "./target.ts";

/** How every command talks with the person who runs it. */
export interface CommandContext {
  /** Prints what came out: the value as JSON with `--json`, else the text. */
  readonly report: (value: unknown, text: () => string) => void;
  /** Shows how far long work is; "" when it is done. */
  readonly progress: (text: string) => void;
  /** Asks before something irreversible. Throws CommandError unless a person agrees. */
  readonly confirm: (question: string) => Promise<void>;
}

/** What a command has at hand that works on a stack. */
export interface StackContext extends CommandContext {
  readonly target: Target;
}

interface SharedOptions {
  readonly json?: boolean;
  readonly stack?: string;
  readonly local: string;
}

const EXIT_CODES = "0 done; 2 it could not be done, and one sentence says why";

/** What a command's help ends with. */
export function helpText(examples: readonly string[], exitCodes: string): string {
  return `\nExamples:\n${examples.map((line) => `  ${line}\n`).join("")}\nExit code: ${exitCodes}.`;
}

/**
 * Gives a command, and its subcommands, the options by which `onStack` finds the stack, and
 * examples in the help.
 */
export function withStackOptions(command: Command, examples: readonly string[]): Command {
  return command
    .option(
      "--stack <name>",
      "a deployed stack (AWS credentials and region as usual); else the local one",
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
 * Makes `act` an action of commander's: it gets the arguments and the options, and returns the exit
 * code, 0 when it returns nothing. An error is printed as one sentence and ends with exit code 2.
 */
export function action<Args extends unknown[]>(
  act: (context: CommandContext, ...args: Args) => Promise<number | void>,
) {
  return async function (this: Command, ...args: Args): Promise<void> {
    const { json = false } = this.optsWithGlobals<SharedOptions>();
    const context: CommandContext = {
      report: (value, text) => console.log(json ? JSON.stringify(value, null, 2) : text()),
      progress: progressLine(process.stderr),
      confirm,
    };
    try {
      process.exitCode = (await act(context, ...args)) ?? 0;
    } catch (error) {
      console.error(sentence(error));
      process.exitCode = 2;
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
      using target = await (stack === undefined ? localTarget(local) : deployedTarget(stack));
      await act({ ...context, target }, ...args);
    }).call(this);
  };
}

/** An argument or an option's value. Throws commander's error. */
export function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("not a whole number");
  return Number(text);
}
