import { fork, type ChildProcess as NodeChildProcess, type Serializable } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { compileCache } from "./compile-cache.ts";

export interface ChildOptions {
  /** A name for messages, such as `reader` or `route`. */
  readonly name: string;
  /** The path of the TypeScript file to run. */
  readonly entry: string;
  readonly args?: readonly string[];
  /**
   * The child's environment variables. Of this process's it gets PATH and the compile cache only,
   * and HOME does not exist, so that no setting of the developer's, in a variable or a file,
   * affects it.
   */
  readonly environment: Readonly<Record<string, string>>;
  /** The file that the child's output is appended to. */
  readonly logFile: string;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The child's exit as text: `exit code 1`, `SIGKILL`. */
export function exitText(exit: Exit): string {
  return exit.signal ?? `exit code ${exit.code}`;
}

/** A process that should have kept running ended by itself. Its log says why. */
export class ChildEndedError extends Error {
  override readonly name = "ChildEndedError";
  readonly child: string;

  constructor(child: string, exit: Exit, logFile: string) {
    super(`the ${child} ended (${exitText(exit)}); see ${logFile}`);
    this.child = child;
  }
}

/** How long a child may take between SIGTERM and SIGKILL. All of `npm start` ends within 10 s. */
const GRACE_MS = 6_000;

/**
 * Debian's name for a home directory that does not exist. HOME must be set, because the AWS SDK
 * looks for settings there and fails without it.
 */
const NO_HOME = "/nonexistent";

/**
 * A Node process that ends with this one in any case (see tether.ts). Disposing sends SIGTERM, then
 * SIGKILL.
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
    // A broken channel (EPIPE) means that the process is ending; `exited` reports that.
    process.on("error", () => undefined);
  }

  /** Starts a process; resolves once it exists, which may be before its code has run. */
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
        // In its own session, so that Ctrl-C or a supervisor's signal to the process group reaches
        // this process only, which decides in which order its children stop.
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

  /** Whether `stop` was called, so that the exit is expected. */
  get stopping(): boolean {
    return this.#stopping;
  }

  onMessage(listener: (message: unknown) => void): void {
    this.#process.on("message", listener);
  }

  /** Sends a message; drops it when the process is ending, which `exited` reports. */
  send(message: Serializable): void {
    if (this.#process.connected) this.#process.send(message, () => undefined);
  }

  /** Kills the process at once, as a crash would. */
  kill(): void {
    this.#process.kill("SIGKILL");
  }

  /** Asks the process to stop and waits for its end; kills it after `graceMs`. */
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
