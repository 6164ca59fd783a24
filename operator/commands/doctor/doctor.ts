import { fileURLToPath } from "node:url";
import { type Command, Option } from "commander";
import { CommandError, sentence } from "../../shared/command-error.ts";
import { action, type CommandContext, helpText } from "../../shared/command.ts";
import type { ReaderPlace } from "./ask-reader.ts";
import { type DoctorConfiguration, readDoctorConfigurations } from "./configuration.ts";
import { examine, removalScript } from "./examine.ts";
import {
  isFault,
  repairScript,
  reportText,
  type Section,
  scriptText,
  sectionText,
} from "./report.ts";

interface Options extends ReaderPlace {
  readonly mysql?: string;
  readonly config: string;
  readonly source?: string;
  readonly reader: string;
  readonly sql?: boolean;
  readonly tags?: boolean;
  /** False with --no-ledger. */
  readonly ledger: boolean;
  readonly uninstall?: boolean;
}

/** Options that name one server or print a script for one server. */
const FOR_ONE_SERVER = ["mysql", "stack", "local", "offsetsTable", "sql", "uninstall"] as const;

const HELP = helpText(
  [
    "npm run doctor -- --mysql mysql://root:secret@db.example:3306",
    "npm run doctor -- --config router.json --stack binlog-router-shop",
    "npm run doctor -- --mysql mysql://root:secret@db.example:3306 --sql > repair.sql",
    "npm run doctor -- --mysql mysql://root:secret@db.example:3306 --tags --sql > tags.sql",
  ],
  "0 nothing to mend; 1 findings; 2 it could not check, and one sentence says why; of several sources the gravest",
);

/** Adds `doctor`, which checks whether a MySQL server is set up as the reader needs it. */
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
    .option(
      "--source <name>",
      "only this source, where the configuration has several; else each is checked",
    )
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
    .option("--no-ledger", "with --tags: tags alone, where no session ledger is installed")
    .option(
      "--uninstall",
      "print the script that removes the session ledger (with --tags: the tags only), and check nothing",
    )
    .addHelpText("after", HELP)
    .action(action(run));
}

async function run(context: CommandContext, options: Options): Promise<number> {
  if (options.tags !== true && !options.ledger)
    throw new CommandError("--no-ledger goes with --tags");
  const configurations = await readDoctorConfigurations(options.config, options.source);
  const [only, another] = configurations;
  return only !== undefined && another === undefined
    ? checkOne(context, options, only)
    : checkEach(context, options, configurations);
}

async function checkOne(
  { report }: CommandContext,
  options: Options,
  configuration: DoctorConfiguration,
): Promise<number> {
  if (options.uninstall === true) {
    const script = await removalScript(options, configuration);
    report(script, () => scriptText(script));
    return 0;
  }
  const findings = await examine(options, configuration);
  report(findings, () => (options.sql === true ? repairScript(findings) : reportText(findings)));
  return findings.some(isFault) ? 1 : 0;
}

/** Checks several sources, each with its server. Returns the gravest exit code. */
async function checkEach(
  { report }: CommandContext,
  options: Options,
  configurations: readonly DoctorConfiguration[],
): Promise<number> {
  const forOne = FOR_ONE_SERVER.find((name) => options[name] !== undefined);
  if (forOne !== undefined) {
    const names = configurations.map(({ name }) => name).join(", ");
    throw new CommandError(
      `The configuration has several sources (${names}), and this is for one server: choose it with --source NAME.`,
    );
  }
  const sections: Section[] = [];
  for (const configuration of configurations) {
    const source = configuration.name ?? "";
    try {
      sections.push({ source, findings: await examine(options, configuration) });
    } catch (cause) {
      sections.push({ source, error: sentence(cause) });
    }
  }
  report(sections, () => sections.map(sectionText).join("\n\n"));
  if (sections.some(({ error }) => error !== undefined)) return 2;
  return sections.some(({ findings = [] }) => findings.some(isFault)) ? 1 : 0;
}
