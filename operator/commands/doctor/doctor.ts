import { type Command, Option } from "commander";
import { CommandError, sentence } from "../../shared/command-error.ts";
import { action, type CommandContext, helpText } from "../../shared/command.ts";
import type { ReaderItemSource } from "./ask-reader.ts";
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
import { DEFAULT_CONFIG_FILE } from "../../shared/checkout.ts";

interface Options extends ReaderItemSource {
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
  "0 no findings to fix; 1 findings; 2 the check failed, and one sentence says why; with several sources the highest of their codes",
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
    .option("--config <file>", "the configuration object as a JSON file", DEFAULT_CONFIG_FILE)
    .option(
      "--source <name>",
      "check only this source of a configuration with several (default: each of them)",
    )
    .option("--reader <user>", "the user name of the reader's account", "binlog_router")
    .option(
      "--offsets-table <name>",
      "the reader's offsets table, to compare its lag with the retention",
    )
    .addOption(
      new Option(
        "--stack <name>",
        "a deployed stack: also check whether its reader has stopped and how far it has read",
      ).conflicts(["local", "offsetsTable"]),
    )
    .addOption(
      new Option("--local [file]", "the same for the stack that npm start runs").conflicts(
        "offsetsTable",
      ),
    )
    .option("--sql", "print a script of the statements that fix the findings")
    .option("--json", "print the findings as JSON")
    .option(
      "--tags",
      "also check whether GTID tags are installed; the script of --sql then installs them",
    )
    .option(
      "--no-ledger",
      "with --tags: install tags alone, on a server without the session ledger",
    )
    .option(
      "--uninstall",
      "print the script that removes the session ledger (with --tags: the tags only), and check nothing",
    )
    .addHelpText("after", HELP)
    .action(action(run));
}

async function run(context: CommandContext, options: Options): Promise<number> {
  if (options.tags !== true && !options.ledger) throw new CommandError("--no-ledger needs --tags");
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
      `The configuration has several sources (${names}), and an option is for one server only: choose a source with --source NAME.`,
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
