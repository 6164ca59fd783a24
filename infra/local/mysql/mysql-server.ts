import { rm } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { commonOptions } from "./data-template.ts";
import { MysqlStartError, PortInUseError } from "./errors.ts";
import type { MysqlPrograms } from "./find-mysql.ts";
import { variableOptions, type ServerVariables } from "./server-variables.ts";
import { startSupervised, type SupervisedProcess } from "./supervised-process.ts";

export interface MysqlServerParts {
  readonly programs: MysqlPrograms;
  /** A temporary directory of this server, removed at the end. */
  readonly home: string;
  /** Inside `home` when nobody needs the data afterwards. */
  readonly dataDir: string;
  readonly port: number;
  readonly password: string;
  readonly variables: ServerVariables;
}

export interface RestartOptions {
  /** SIGKILL instead of an orderly shutdown. */
  readonly hard?: boolean;
  /** In addition to those so far, or in place of some. */
  readonly variables?: ServerVariables;
}

// Codes of the server's error log, the same in every version and language.
const READY = "[MY-010931]";
const PORT_TAKEN = "[MY-010257]";

const START_TIMEOUT_MS = 120_000;
const STOP_TIMEOUT_MS = 30_000;

/**
 * A MySQL server that this process started; see `startMysqlServer`. It may stop and start again
 * with the same data.
 */
export class MysqlServer implements AsyncDisposable {
  readonly host = "127.0.0.1";
  readonly port: number;
  /** An account with all privileges, from this machine only. */
  readonly user = "root";
  readonly password: string;
  /** Like `9.7.4`. */
  readonly version: string;
  readonly dataDir: string;
  /** MySQL's programs, of which the clients can be run by hand. */
  readonly programs: MysqlPrograms;
  readonly #home: string;
  #variables: ServerVariables;
  #process: SupervisedProcess | null = null;

  constructor(parts: MysqlServerParts) {
    this.port = parts.port;
    this.password = parts.password;
    this.version = parts.programs.version;
    this.dataDir = parts.dataDir;
    this.programs = parts.programs;
    this.#home = parts.home;
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
   * Starts a stopped server; it is ready for connections when the promise resolves.
   * Throws MysqlStartError, or PortInUseError when its port was taken meanwhile.
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
        // Relative to the data directory: the path of a socket may not be longer than 107 bytes.
        "--socket=mysqld.sock",
        `--pid-file=${this.#home}/mysqld.pid`,
        ...variableOptions({ ...this.#variables, ...variables }),
      ],
      workingDirectory: this.dataDir,
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

  /**
   * Ends the server in an orderly way (and with SIGKILL after 30 s). Its data stay until it is
   * disposed.
   */
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

  /** Ends the server at once, as a crash would. `start` or `restart` brings it back. */
  async kill(): Promise<void> {
    this.#process?.signal("SIGKILL");
    await this.#process?.ended;
  }

  /** Starts the server again, on the same port and with the same data. Throws as `start` does. */
  async restart(options: RestartOptions = {}): Promise<void> {
    this.#variables = { ...this.#variables, ...options.variables };
    await (options.hard === true ? this.kill() : this.stop());
    await this.start();
  }

  /**
   * Stops the server's clock, as it were: connections stay open and nothing answers, until
   * `resume`.
   */
  pause(): void {
    this.#process?.signal("SIGSTOP");
  }

  resume(): void {
    this.#process?.signal("SIGCONT");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // An orderly shutdown takes a second and a half of waits inside MySQL; data that go as well do
    // not need it.
    await (this.dataDir.startsWith(this.#home) ? this.kill() : this.stop());
    await rm(this.#home, { recursive: true, force: true });
  }
}
