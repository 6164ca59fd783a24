import { fileURLToPath } from "node:url";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { type Command, Option } from "commander";
import { OffsetStore } from "../../../reader/offsets/offset-store.ts";
import type { ReaderItem } from "../../../reader/offsets/reader-item.ts";
import { binlogFindings } from "../../../reader/source/binlog-checks.ts";
import type { Finding } from "../../../reader/source/finding.ts";
import { isRds } from "../../../reader/source/rds.ts";
import { versionFindings } from "../../../reader/source/server-version.ts";
import { uninstallScript, untagScript } from "../../ledger/statements.ts";
import { CommandError, sentence } from "../../shared/command-error.ts";
import { action, type CommandContext, helpText } from "../../shared/command.ts";
import { DEFAULT_STACK_FILE } from "../../shared/stack-file.ts";
import { deployedTarget, disposable, localTarget } from "../../shared/target.ts";
import { accountFindings, missingUserFindings } from "./account-checks.ts";
import { askCascades } from "./ask-cascades.ts";
import { askStatementWays } from "./ask-statement-ways.ts";
import { statementFindings } from "./statement-checks.ts";
import { askColumns } from "./ask-columns.ts";
import { askServer, askVariables } from "./ask-server.ts";
import { cascadeFindings } from "./cascade-checks.ts";
import { accountOf, readDoctorConfiguration } from "./configuration.ts";
import { connectFirst } from "./connect-first.ts";
import { filterFindings } from "./filter-checks.ts";
import { connectionFindings, ledgerFindings } from "./ledger-checks.ts";
import { isFault, repairScript, reportText, scriptText } from "./report.ts";
import { readerLag, stopFindings } from "./reader-checks.ts";
import { readerFindings, serverFindings } from "./server-checks.ts";
import { callsProcedure } from "../../ledger/init-connect.ts";
import { askSight } from "./ask-sight.ts";
import { sightFindings } from "./sight-checks.ts";
import { snapshotFindings } from "./snapshot-checks.ts";
import { tagFindings } from "./tag-checks.ts";

interface Options {
  readonly mysql?: string;
  readonly config: string;
  readonly source?: string;
  readonly reader: string;
  readonly offsetsTable?: string;
  readonly stack?: string;
  /** True: the file that `npm start` writes where nobody says otherwise. */
  readonly local?: string | true;
  readonly sql?: boolean;
  readonly tags?: boolean;
  readonly uninstall?: boolean;
}

/** For an account that cannot log in: what the doctor would have found with another. */
const LOCKED_OUT =
  "init_connect fails for this account, and for others that MySQL runs it for (ER_NEW_ABORTING_CONNECTION). " +
  "Name an account with CONNECTION_ADMIN with --mysql, or let everybody in first: SET GLOBAL init_connect = ''; " +
  "on RDS and Aurora set init_connect to nothing in the parameter group";

const HELP = helpText(
  [
    "npm run doctor -- --mysql mysql://root:secret@db.example:3306",
    "npm run doctor -- --config router.json --stack binlog-router-shop",
    "npm run doctor -- --mysql mysql://root:secret@db.example:3306 --sql > repair.sql",
    "npm run doctor -- --mysql mysql://root:secret@db.example:3306 --tags --sql > tags.sql",
  ],
  "0 nothing to mend; 1 findings; 2 it could not check, and one sentence says why",
);

/** `doctor`: whether a MySQL server is set up as the reader needs it. */
export function doctor(program: Command): void {
  program
    .command("doctor")
    .description(
      "Checks whether a MySQL server is set up for binlog-router, and changes nothing. " +
        "Without --mysql it logs in with the secret that the configuration names.",
    )
    .option(
      "--mysql <url>",
      "an administrator's account: mysql://user:password@host:port[?tls=off|encrypt|verify]",
    )
    .option(
      "--config <file>",
      "the configuration object as a JSON file",
      fileURLToPath(new URL("../../../cdk.json", import.meta.url)),
    )
    .option("--source <name>", "which source, where the configuration has several")
    .option("--reader <user>", "the user name of the reader's account", "binlog_router")
    .option(
      "--offsets-table <name>",
      "the reader's offsets table, to compare its lag with the retention",
    )
    .addOption(
      new Option(
        "--stack <name>",
        "a deployed stack, whose reader is asked whether it has stopped and how far it is",
      ).conflicts(["local", "offsetsTable"]),
    )
    .addOption(
      new Option("--local [file]", "the same of the stack that npm start runs").conflicts(
        "offsetsTable",
      ),
    )
    .option("--sql", "print the script that mends what statements can mend")
    .option("--json", "print the findings as JSON")
    .option("--tags", "check also whether GTID tags are installed; --sql then installs them")
    .option(
      "--uninstall",
      "print the script that removes the session ledger (with --tags: the tags only), and check nothing",
    )
    .addHelpText("after", HELP)
    .action(action(run));
}

async function run(context: CommandContext, options: Options): Promise<number> {
  try {
    return await checkServer(context, options);
  } catch (cause) {
    const isLockedOut =
      cause instanceof Error && "code" in cause && cause.code === "ER_NEW_ABORTING_CONNECTION";
    const why = isLockedOut ? LOCKED_OUT : sentence(cause);
    throw new CommandError(`The server could not be examined: ${why}`, { cause });
  }
}

async function checkServer(
  { report }: CommandContext,
  { config, source, mysql, reader, sql, tags, uninstall, ...stack }: Options,
): Promise<number> {
  const configuration = await readDoctorConfiguration(config, source);
  const connection = await connectFirst(await accountOf(mysql, configuration));
  try {
    const variables = await askVariables(connection);
    const unusable = versionFindings(variables);
    if (unusable.length > 0) {
      report(unusable, () => (sql === true ? repairScript(unusable) : reportText(unusable)));
      return 1;
    }
    const facts = await askServer(connection, variables, reader);
    const { ledger } = facts;
    if (uninstall === true) {
      const { initConnect, exempt, isEverybodyOurs } = ledger;
      const script =
        tags === true
          ? untagScript(initConnect, exempt, isRds(variables))
          : uninstallScript(initConnect, isEverybodyOurs, isRds(variables));
      report(script, () => scriptText(script));
      return 0;
    }
    const item = await readerItem(stack);
    const lagSeconds = item === null ? null : readerLag(item, Date.now());
    const { subscribers = {} } = configuration;
    const tables = Object.keys(subscribers).length > 0 ? await askColumns(connection) : [];
    const sight = await askSight(connection, variables.get("version") ?? "");
    const findings = [
      ...(item === null ? [] : stopFindings(item)),
      ...binlogFindings(variables),
      ...serverFindings(facts, lagSeconds),
      ...readerFindings(facts, reader),
      ...installedOnce(ledgerFindings(facts), tagFindings(facts, tags === true, reader)),
      ...connectionFindings(facts),
      ...sightFindings(sight, callsProcedure(ledger.initConnect)),
      ...accountFindings(facts, configuration.environments, reader),
      ...missingUserFindings(facts, configuration.environments),
      ...cascadeFindings(
        await askCascades(connection),
        configuration.source?.tables ?? ["*.*"],
        variables,
      ),
      ...statementFindings(await askStatementWays(connection), {
        tables: configuration.source?.tables ?? ["*.*"],
        statementTables: configuration.source?.statementTables ?? [],
      }),
      ...filterFindings(subscribers, tables, variables),
      ...snapshotFindings(facts, reader, subscribers, tables),
    ];
    report(findings, () => (sql === true ? repairScript(findings) : reportText(findings)));
    return findings.some(isFault) ? 1 : 0;
  } finally {
    connection.destroy();
  }
}

/** The script that installs tags installs the ledger too. */
function installedOnce(ledger: readonly Finding[], tags: readonly Finding[]): Finding[] {
  const isInstalling = tags.some(({ check }) => check === "tags.missing");
  return [...ledger.filter(({ check }) => !isInstalling || check !== "ledger.missing"), ...tags];
}

/** What the reader has written of itself; null where nobody named its stack or its table. */
async function readerItem({
  stack,
  local,
  offsetsTable,
}: Pick<Options, "stack" | "local" | "offsetsTable">): Promise<ReaderItem | null> {
  if (stack !== undefined || local !== undefined) {
    using target = await (stack === undefined
      ? localTarget(typeof local === "string" ? local : DEFAULT_STACK_FILE)
      : deployedTarget(stack));
    return await new OffsetStore(target.dynamodb, target.offsetsTable).load();
  }
  if (offsetsTable === undefined) return null;
  using dynamodb = disposable(new DynamoDBClient());
  return await new OffsetStore(dynamodb.client, offsetsTable).load();
}
