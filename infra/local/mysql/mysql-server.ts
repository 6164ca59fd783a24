import { rm } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { commonOptions } from "./data-template.ts";
import { MysqlStartError, PortInUseError } from "./errors.ts";
import type { MysqlPrograms } from "./find-mysql.ts";
import { variableOptions, type ServerVariables } from "./server-variables.ts";
import { startSupervised, type SupervisedProcess } from "./supervised-process.ts";

export interface MysqlServerParts {
  readonly programs: MysqlPrograms;
  /** The server's temporary directory, removed when the server is disposed. */
  readonly home: string;
  /** Inside `home`, unless the data are kept. */
  readonly dataDir: string;
  readonly port: number;
  readonly password: string;
  readonly variables: ServerVariables;
  /** Environment variables of the server's process, added to those of this process. */
  readonly environment?: Readonly<Record<string, string>>;
}

export interface RestartOptions {
  /** SIGKILL instead of an orderly shutdown. */
  readonly hard?: boolean;
  /** Added to the present variables; a variable of the same name is replaced. */
  readonly variables?: ServerVariables;
}

// Codes in the server's error log; they are the same in all versions and languages.
const READY = "[MY-010931]";
const PORT_TAKEN = "[MY-010257]";

const START_TIMEOUT_MS = 120_000;
const STOP_TIMEOUT_MS = 30_000;

/**
 * A MySQL server that this process has started; see `startMysqlServer`. It can be stopped and
 * started again with the same data.
 */
export class MysqlServer implements AsyncDisposable {
  readonly host = "127.0.0.1";
  readonly port: number;
  /** An account with all privileges, from this machine only. */
  readonly user = "root";
  readonly password: string;
  /** For example `9.7.4`. */
  readonly version: string;
  readonly dataDir: string;
  /** MySQL's programs; a person can run the clients. */
  readonly programs: MysqlPrograms;
  readonly #home: string;
  readonly #environment: Readonly<Record<string, string>>;
  #variables: ServerVariables;
  #process: SupervisedProcess | null = null;

  constructor(parts: MysqlServerParts) {
    this.port = parts.port;
    this.password = parts.password;
    this.version = parts.programs.version;
    this.dataDir = parts.dataDir;
    this.programs = parts.programs;
    this.#home = parts.home;
    this.#environment = parts.environment ?? {};
    this.#variables = parts.variables;
  }

  /** The server's process id; null while it is stopped. */
  get pid(): number | null {
    return this.#process?.running === true ? this.#process.pid : null;
  }

  /** The latest lines of the server's error log. */
  get log(): readonly string[] {
    return this.#process?.lastLines ?? [];
  }

  /**
   * Starts a stopped server; resolves when it accepts connections. Throws MysqlStartError, or
   * PortInUseError when another program has taken its port.
   *
   * @param variables for this start only
   */
  async start(variables: ServerVariables = {}): Promise<void> {
    const ready = Promise.withResolvers<"ready">();
    const process = await startSupervised({
      command: this.programs.mysqld,
      args: [
        ...commonOptions(),
        `--datadir=${this.dataDir}`,
        `--port=${this.port}`,
        // Relative to the data directory, because a socket's path is limited to 107 bytes.
        "--socket=mysqld.sock",
        `--pid-file=${this.#home}/mysqld.pid`,
        ...variableOptions({ ...this.#variables, ...variables }),
      ],
      workingDirectory: this.dataDir,
      environment: this.#environment,
      disposableDirectory: this.#home,
      onLine: (line) => {
        if (line.includes(READY)) ready.resolve("ready");
      },
    });
    this.#process = process;
    const outcome = await Promise.race([
      ready.promise,
      process.ended.then((status) => `it ended with status ${status}`),
      delay(START_TIMEOUT_MS, `it was not ready within ${START_TIMEOUT_MS / 1000} s`, {
        ref: false,
      }),
    ]);
    if (outcome === "ready") return;
    await this.kill();
    if (process.lastLines.some((line) => line.includes(PORT_TAKEN))) {
      throw new PortInUseError(this.port);
    }
    throw new MysqlStartError(outcome, process.lastLines);
  }

  /** Shuts the server down, with SIGKILL after 30 s. Its data are kept until it is disposed. */
  async stop(): Promise<void> {
    const process = this.#process;
    if (process === null) return;
    process.signal("SIGCONT");
    process.signal("SIGTERM");
    const over = new AbortController();
    const timeout = delay(STOP_TIMEOUT_MS, undefined, { signal: over.signal }).then(
      () => process.signal("SIGKILL"),
      () => undefined,
    );
    await process.ended;
    over.abort();
    await timeout;
  }

  /** Ends the server at once, as a crash would. `start` or `restart` starts it again. */
  async kill(): Promise<void> {
    this.#process?.signal("SIGKILL");
    await this.#process?.ended;
  }

  /** Restarts the server on the same port and with the same data. Throws as `start` does. */
  async restart(options: RestartOptions = {}): Promise<void> {
    this.#variables = { ...this.#variables, ...options.variables };
    await (options.hard === true ? this.kill() : this.stop());
    await this.start();
  }

  /** Suspends the server: connections stay open, but it does not answer until `resume`. */
  pause(): void {
    this.#process?.signal("SIGSTOP");
  }

  resume(): void {
    this.#process?.signal("SIGCONT");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // An orderly shutdown waits for a second and a half inside MySQL. Data that are removed with
    // the server do not need it.
    await (this.dataDir.startsWith(this.#home) ? this.kill() : this.stop());
    await rm(this.#home, { recursive: true, force: true });
  }
}
