import { Command, CommanderError, InvalidArgumentError } from "commander";
import { resolve } from "node:path";
import { UsageError } from "./refusal.ts";

export interface StartOptions {
  readonly demo: boolean;
  readonly ledger: boolean;
  readonly tags: boolean;
  /** The configuration file; undefined: the checkout's cdk.json. */
  readonly configFile: string | undefined;
  /** The server to use; undefined: `npm start` starts one. */
  readonly mysql: MysqlAccount | undefined;
  /** SQL statements to run on the server that is started, before the reader starts. */
  readonly schemaFile: string | undefined;
  /** Of every account on the server that is started; undefined: random ones. */
  readonly password: string | undefined;
  /** Stop after this time; undefined: on a signal only. */
  readonly durationMs: number | undefined;
  /**
   * The host name by which other machines reach this one; everything then listens on all addresses.
   * Undefined: on the loopback interface only.
   */
  readonly host: string | undefined;
  /** The first of the consecutive ports to listen on; undefined: free ones. */
  readonly portBase: number | undefined;
  /** Whether MySQL's data, queues, tables and the offset are kept after the end, even by a kill. */
  readonly keep: boolean;
  /** Where stack.json and the processes' output are kept. */
  readonly stateDirectory: string;
}

export interface MysqlAccount {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

/** The text that `--help` prints. */
export class HelpRequested extends Error {
  override readonly name = "HelpRequested";
}

const MYSQL_URL = "mysql://user:password@host:port";

const EPILOGUE = `
Without --mysql, npm start starts a MySQL server of its own, and downloads one first if this machine has none. It makes
an account for each configured user that is not a pattern. Everything is removed when it stops, unless --keep is given.

With --mysql, the given account serves as the administrator and as the reader's account. The demonstration then makes
its database "shop" with the tables "orders" and "payments", and one account per environment, and removes at the end
what it made. With --no-demo, npm start makes and changes nothing on that server.

--schema FILE: the program mysql runs it as the administrator, in the first database of source.tables. Its changes are
not delivered, because the reader starts after them.

--keep: MySQL's data, queues, tables, objects, secrets, the reader's offset, passwords and ports are kept in the state
directory, in the folder "kept", and the next start with --keep continues with them. Changes written in between are
delivered, also those on a server that --mysql names. The state survives a kill of the processes, but no power failure.
Only the first start runs --schema. Remove the folder to begin anew.

--host NAME: for containers, and for applications on other machines. The stand-ins require no password: limit the access
to their ports to those who may read everything.

--port-base N: MySQL listens on N, then SQS, DynamoDB, Secrets Manager, S3, the reader's health check and the page.

Exit code: 0 after an orderly stop; 1 when the demonstration saw a foreign, missing or repeated change, or when a part
could not start; 2 when the request cannot be fulfilled, and then nothing is left behind.`;

/**
 * Parses a command line. Throws UsageError for one that it does not understand, HelpRequested for
 * `--help`.
 *
 * @param environment variables, in which npm leaves the options that it took for its own
 */
export function parseOptions(
  argv: readonly string[],
  directory: string,
  environment: NodeJS.ProcessEnv = {},
): StartOptions {
  let output = "";
  const command = new Command("npm start --")
    .description("Runs binlog-router on this machine, on a real MySQL server.")
    .option("--no-demo", "route only; write nothing and subscribe to nothing")
    .option("--no-ledger", "do without the session ledger: learn authors from the process list")
    .option("--no-tags", "do without GTID tags: learn authors from the ledger")
    .option(
      "--config <file>",
      "the configuration object as a JSON file (default: the one in cdk.json)",
    )
    .option("--mysql <url>", `use this server: ${MYSQL_URL}`)
    .option("--schema <file>", "run these SQL statements first, on the server that is started")
    .option(
      "--password <text>",
      "the password of all accounts (default: a random one for each)",
      password,
    )
    .option("--keep", "go on where the last start with --keep ended, and keep everything", false)
    .option("--duration <seconds>", "stop by itself", positive("seconds"))
    .option("--port-base <port>", "listen on this port and the ones after it", portBase)
    .option("--host <name>", "listen on all addresses, and use this name in URLs", hostName)
    .option("--state <directory>", "where stack.json and the logs are kept", ".local")
    .helpOption("--help", "show this")
    .addHelpText("after", EPILOGUE)
    .allowExcessArguments(false)
    .configureOutput({
      writeOut: (text) => (output += text),
      writeErr: () => undefined,
    })
    .exitOverride();
  refuseSwallowedOptions(command, environment);
  try {
    command.parse(argv, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) throw new HelpRequested(output);
    const sentence = error.message.replace(/^error: /, "");
    throw new UsageError(`${sentence} (npm start -- --help lists the options)`, { cause: error });
  }
  const options = command.opts<{
    demo: boolean;
    ledger: boolean;
    tags: boolean;
    config?: string;
    mysql?: string;
    schema?: string;
    password?: string;
    keep: boolean;
    duration?: number;
    portBase?: number;
    host?: string;
    state: string;
  }>();
  if (options.mysql !== undefined && (options.schema ?? options.password) !== undefined) {
    throw new UsageError(
      "--schema and --password are for the server that npm start starts itself; leave them out with --mysql",
    );
  }
  return {
    demo: options.demo,
    ledger: options.ledger,
    tags: options.tags,
    configFile: options.config,
    mysql: options.mysql === undefined ? undefined : mysqlAccount(options.mysql),
    schemaFile: options.schema,
    password: options.password,
    keep: options.keep,
    durationMs: options.duration === undefined ? undefined : options.duration * 1000,
    portBase: options.portBase,
    host: options.host,
    stateDirectory: resolve(directory, options.state),
  };
}

/**
 * Refuses options that npm took for its own settings because `--` was missing; npm passes those on
 * as variables. Throws UsageError.
 */
function refuseSwallowedOptions(command: Command, environment: NodeJS.ProcessEnv): void {
  for (const { long } of command.options) {
    const setting = long?.replace(/^--(no-)?/, "").replaceAll("-", "_");
    if (environment[`npm_config_${setting}`] === undefined) continue;
    throw new UsageError(
      `npm read ${long} as an option of its own; write -- before the options: npm start -- ${long}`,
    );
  }
}

/**
 * Parses the value of `--mysql`. It is not an argument parser of commander's, because commander's
 * error message would repeat the argument with its password.
 */
function mysqlAccount(text: string): MysqlAccount {
  const url = URL.parse(text);
  if (url === null || url.protocol !== "mysql:" || url.hostname === "" || url.username === "") {
    throw new UsageError(`--mysql expects ${MYSQL_URL}`);
  }
  if (!["", "/"].includes(url.pathname) || url.search !== "" || url.hash !== "") {
    throw new UsageError(`--mysql expects nothing after the port: ${MYSQL_URL}`);
  }
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: url.port === "" ? 3306 : Number(url.port),
    user: decoded(url.username),
    password: decoded(url.password),
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new UsageError("--mysql expects a % in the user or password to be written as %25");
  }
}

/** Checks that a password needs no quoting in SQL, in a shell or in a URL. */
function password(text: string): string {
  if (/^[\w.~-]+$/.test(text)) return text;
  throw new InvalidArgumentError("expected letters, digits and the signs - . _ ~");
}

function positive(unit: string): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (text.trim() === "" || !Number.isFinite(number) || number <= 0) {
      throw new InvalidArgumentError(`expected a number of ${unit} above 0`);
    }
    return number;
  };
}

function hostName(text: string): string {
  if (/^[\w.-]+$/.test(text)) return text;
  throw new InvalidArgumentError("expected a host name or an IPv4 address");
}

function portBase(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port < 1 || port > 65_000) {
    throw new InvalidArgumentError("expected a port from 1 to 65000");
  }
  return port;
}
