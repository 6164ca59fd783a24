import { fork, type ChildProcess as NodeChildProcess, type Serializable } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { compileCache } from "./compile-cache.ts";

export interface ChildOptions {
  /** What people call it: `reader`, `route`. */
  readonly name: string;
  /** The path of the TypeScript file to run. */
  readonly entry: string;
  readonly args?: readonly string[];
  /**
   * All of its environment but PATH and HOME: no setting of the developer's, in a variable or a
   * file, reaches it.
   */
  readonly environment: Readonly<Record<string, string>>;
  /** Where its output is appended. */
  readonly logFile: string;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The child's exit as words: `exit code 1`, `SIGKILL`. */
export function exitText(exit: Exit): string {
  return exit.signal ?? `exit code ${exit.code}`;
}

/** A process ended by itself that should have lived on. Its log says why. */
export class ChildEndedError extends Error {
  override readonly name = "ChildEndedError";

  constructor(name: string, exit: Exit, logFile: string) {
    super(`the ${name} ended (${exitText(exit)}); see ${logFile}`);
  }
}

/** How long a child may take between SIGTERM and SIGKILL. All of `npm start` ends within 10 s. */
const GRACE_MS = 6_000;

/**
 * Debian's name for a home that there is not. The AWS SDK looks for settings there, and fails when
 * it is not named.
 */
const NO_HOME = "/nonexistent";

/**
 * A Node process that ends with this one, in every case (see tether.ts). Disposing sends SIGTERM,
 * then SIGKILL.
 */
export class Child implements AsyncDisposable {
  readonly name: string;
  readonly pid: number;
  /** Resolves when the process has ended. */
  readonly exited: Promise<Exit>;
  readonly #process: NodeChildProcess;
  #stopping = false;

  private constructor(name: string, pid: number, process: NodeChildProcess) {
    this.name = name;
    this.pid = pid;
    this.#process = process;
    this.exited = new Promise((resolve) => {
      process.once("exit", (code, signal) => resolve({ code, signal }));
    });
    // A channel that breaks (EPIPE) means that the process is ending, which `exited` tells.
    process.on("error", () => undefined);
  }

  /**
   * Starts a process; it runs, but has not necessarily done anything yet, when the promise
   * resolves.
   */
  static async start(options: ChildOptions): Promise<Child> {
    const log = openSync(options.logFile, "a");
    try {
      const child = fork(options.entry, options.args ?? [], {
        env: {
          PATH: process.env["PATH"],
          HOME: NO_HOME,
          ...compileCache(),
          ...options.environment,
        },
        execArgv: ["--import", new URL("tether.ts", import.meta.url).href],
        // A session of its own: Ctrl-C or a supervisor's signal to the process group reaches this
        // process alone, which decides in which order its children stop.
        detached: true,
        stdio: ["ignore", log, log, "ipc"],
      });
      const exited = new AbortController();
      child.once("exit", () => exited.abort());
      await once(child, "spawn", { signal: exited.signal });
      if (child.pid === undefined) throw new Error(`${options.name} did not start`);
      return new Child(options.name, child.pid, child);
    } finally {
      closeSync(log);
    }
  }

  /** Whether it was asked to stop, so that its exit is no surprise. */
  get stopping(): boolean {
    return this.#stopping;
  }

  onMessage(listener: (message: unknown) => void): void {
    this.#process.on("message", listener);
  }

  /**
   * Sends a message; one that cannot be sent is dropped, because the process is ending and `exited`
   * tells so.
   */
  send(message: Serializable): void {
    if (this.#process.connected) this.#process.send(message, () => undefined);
  }

  /** Ends the process at once, as a crash would. */
  kill(): void {
    this.#process.kill("SIGKILL");
  }

  /** Asks the process to stop and waits until it has; after `graceMs` it is killed. */
  async stop(graceMs = GRACE_MS): Promise<Exit> {
    this.#stopping = true;
    this.#process.kill("SIGTERM");
    const patience = new AbortController();
    const timeout = delay(graceMs, undefined, { signal: patience.signal }).then(
      () => this.kill(),
      () => undefined,
    );
    const exit = await this.exited;
    patience.abort();
    await timeout;
    return exit;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
