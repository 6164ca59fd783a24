import { fileURLToPath } from "node:url";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { Command, CommanderError } from "commander";
import { createConnection, type ConnectionOptions } from "mysql2/promise";
import {
  type DoctorConfiguration,
  DoctorConfigurationError,
  readDoctorConfiguration,
} from "./configuration.ts";
import { examine, howToUninstall } from "./examine.ts";
import { isFault, repairScript, reportText, scriptText } from "./report.ts";
import { OffsetStore } from "../../reader/offsets/offset-store.ts";
import { connectionOptions } from "../../reader/source/connection-options.ts";
import { secretCredentials } from "../../reader/source/credentials.ts";

/** For an account that cannot log in: what the doctor would have found with another. */
const LOCKED_OUT =
  "init_connect fails for this account, and for others that MySQL runs it for (ER_NEW_ABORTING_CONNECTION). " +
  "Name an account with CONNECTION_ADMIN with --mysql, or let everybody in first: SET GLOBAL init_connect = ''; " +
  "on RDS and Aurora set init_connect to nothing in the parameter group";

// `npm run doctor`: exit 0 when nothing has to be mended, 1 when something has, 2 when it could not be found out.
process.exitCode = await main();

interface Options {
  readonly mysql?: string;
  readonly config: string;
  readonly reader: string;
  readonly offsetsTable?: string;
  readonly sql?: boolean;
  readonly json?: boolean;
  readonly uninstall?: boolean;
}

async function main(): Promise<number> {
  try {
    return await run(parseCommandLine(process.argv.slice(2)));
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    process.stderr.write(`The server could not be examined: ${sentence(error)}\n`);
    return 2;
  }
}

function parseCommandLine(argv: readonly string[]): Options {
  return new Command("npm run doctor --")
    .description(
      "Checks whether a MySQL server is set up for binlog-router, and changes nothing.\nExit code: 0 nothing to mend, 1 findings, 2 could not check.",
    )
    .option("--mysql <url>", "an administrator's account: mysql://user:password@host:port")
    .option(
      "--config <file>",
      "the configuration object as a JSON file",
      fileURLToPath(new URL("../../cdk.json", import.meta.url)),
    )
    .option("--reader <user>", "the user name of the reader's account", "binlog_router")
    .option(
      "--offsets-table <name>",
      "the reader's offsets table, to compare its lag with the retention",
    )
    .option("--sql", "print the script that mends what statements can mend")
    .option("--json", "print the findings as JSON")
    .option("--uninstall", "print the script that removes the session ledger, and check nothing")
    .exitOverride()
    .parse([...argv], { from: "user" })
    .opts<Options>();
}

async function run(options: Options): Promise<number> {
  const config = await readDoctorConfiguration(options.config);
  const connection = await createConnection(await accountOf(options, config));
  try {
    const { environments } = config;
    const { reader, offsetsTable } = options;
    if (options.uninstall === true) {
      process.stdout.write(`${scriptText(await howToUninstall(connection, reader))}\n`);
      return 0;
    }
    const lagSeconds = offsetsTable === undefined ? null : await readerLag(offsetsTable);
    const findings = await examine(connection, { environments, reader, lagSeconds });
    if (options.json === true) process.stdout.write(`${JSON.stringify(findings, null, 2)}\n`);
    else if (options.sql === true) process.stdout.write(repairScript(findings));
    else process.stdout.write(`${reportText(findings)}\n`);
    return findings.some(isFault) ? 1 : 0;
  } finally {
    connection.destroy();
  }
}

/** The account given on the command line, else the one in the source's secret. */
async function accountOf(
  { mysql }: Options,
  { source }: DoctorConfiguration,
): Promise<ConnectionOptions> {
  if (mysql !== undefined) return accountInUrl(mysql);
  if (source?.host === undefined || source.secretArn === undefined) {
    throw new DoctorConfigurationError(
      "the configuration has no source.host and source.secretArn: name the server with --mysql mysql://user:password@host:port",
    );
  }
  const { host, port, tls, secretArn } = source;
  const secrets = new SecretsManagerClient();
  try {
    return await connectionOptions(
      { host, port, tls },
      secretCredentials(async () => {
        const answer = await secrets.send(new GetSecretValueCommand({ SecretId: secretArn }));
        return answer.SecretString ?? "";
      }),
    );
  } finally {
    secrets.destroy();
  }
}

async function accountInUrl(text: string): Promise<ConnectionOptions> {
  const url = URL.parse(text);
  if (url?.protocol !== "mysql:" || url.hostname === "" || url.username === "") {
    throw new DoctorConfigurationError("--mysql expects mysql://user:password@host:port");
  }
  const { hostname: host, port } = url;
  const isHere = host === "localhost" || host.startsWith("127.");
  return connectionOptions(
    { host, port: port === "" ? 3306 : Number(port), tls: isHere ? "off" : "encrypt" },
    () =>
      Promise.resolve({
        username: decodeURIComponent(url.username),
        password: decodeURIComponent(url.password),
      }),
  );
}

/** How long ago the last transaction was committed that the reader has passed; null when it never read. */
async function readerLag(offsetsTable: string): Promise<number | null> {
  const dynamodb = new DynamoDBClient();
  try {
    const { offset } = await new OffsetStore(dynamodb, offsetsTable).load();
    if (offset === null || offset.committedMs === 0) return null;
    return Math.max(0, (Date.now() - offset.committedMs) / 1000);
  } finally {
    dynamodb.destroy();
  }
}

/** The message of an error, with the code of a driver's; never what was given on the command line. */
function sentence(error: unknown): string {
  if (!(error instanceof Error)) return "unknown error";
  if (error instanceof DoctorConfigurationError) return error.message;
  const { code } = error as { code?: unknown };
  if (code === "ER_NEW_ABORTING_CONNECTION") return LOCKED_OUT;
  return typeof code === "string" ? `${error.message} (${code})` : error.message;
}
