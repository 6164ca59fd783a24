import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { Child, type Exit } from "../process/child-process.ts";
import { FunctionExitedError, FunctionFailedError, FunctionTimedOutError } from "./errors.ts";
import type { Invocation, Outcome } from "./function-protocol.ts";

export interface FunctionDefinition {
  readonly name: string;
  /** The path of the file that exports `handler`. */
  readonly entry: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** The file that the function's output is appended to. */
  readonly logFile: string;
}

/**
 * How long a process may take to import its handler. Lambda's limit is 10 s; a developer's busy
 * machine gets more.
 */
const INIT_TIMEOUT_MS = 60_000;

const HOST = join(import.meta.dirname, "function-host.ts");

/**
 * One process of a function. It handles one invocation at a time and is reused for the next ones,
 * as in Lambda.
 */
export class ExecutionEnvironment implements AsyncDisposable {
  readonly #definition: FunctionDefinition;
  readonly #child: Child;
  #pending: PromiseWithResolvers<Outcome> | undefined;
  #timedOutMs: number | undefined;

  private constructor(definition: FunctionDefinition, child: Child) {
    this.#definition = definition;
    this.#child = child;
    child.onMessage((message) => this.#pending?.resolve(message as Outcome));
    void child.exited.then((exit) => this.#pending?.reject(this.#exitError(exit)));
  }

  /** Starts a process and waits until it has imported its handler. Throws as `invoke` does. */
  static async start(definition: FunctionDefinition): Promise<ExecutionEnvironment> {
    const child = await Child.start({
      name: definition.name,
      entry: HOST,
      args: [definition.entry],
      environment: definition.environment,
      logFile: definition.logFile,
    });
    const environment = new ExecutionEnvironment(definition, child);
    try {
      await environment.#outcome(INIT_TIMEOUT_MS);
      return environment;
    } catch (error) {
      await child.stop();
      throw error;
    }
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Resolves when the process has ended. */
  get exited(): Promise<Exit> {
    return this.#child.exited;
  }

  /**
   * Runs the handler on `event`; returns its result. Throws FunctionFailedError when the handler
   * threw; FunctionTimedOutError or FunctionExitedError when the process ended.
   */
  async invoke(event: unknown): Promise<unknown> {
    const { timeoutMs } = this.#definition;
    const invocation: Invocation = { id: randomUUID(), event, deadline: Date.now() + timeoutMs };
    this.#child.send(invocation);
    return this.#outcome(timeoutMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child.stop();
  }

  /**
   * Waits for the next value that the process reports; after `timeoutMs` it kills the process and
   * throws.
   */
  async #outcome(timeoutMs: number): Promise<unknown> {
    const pending = Promise.withResolvers<Outcome>();
    this.#pending = pending;
    const timer = setTimeout(() => {
      this.#timedOutMs = timeoutMs;
      this.#child.kill();
    }, timeoutMs);
    try {
      const outcome = await pending.promise;
      if (outcome.kind === "result") return outcome.value;
      throw new FunctionFailedError(this.#definition.name, outcome.type, outcome.text);
    } finally {
      clearTimeout(timer);
      this.#pending = undefined;
    }
  }

  #exitError(exit: Exit): Error {
    const { name } = this.#definition;
    return this.#timedOutMs === undefined
      ? new FunctionExitedError(name, exit)
      : new FunctionTimedOutError(name, this.#timedOutMs);
  }
}
