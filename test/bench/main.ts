import { Command, Option } from "commander";
import { benchClient } from "./client/client-throughput.ts";

/** `npm run bench -- [--only NAME]`: measures and prints. Figures of one run can be compared with each other only. */
const BENCHMARKS: Readonly<Record<string, () => Promise<void>>> = { client: benchClient };

const program = new Command("bench")
  .description("Measures binlog-router on this machine, on the local stand-ins.")
  .addOption(new Option("--only <name>", "one benchmark only").choices(Object.keys(BENCHMARKS)))
  .showHelpAfterError()
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
  .parse();

const { only } = program.opts<{ only?: string }>();
for (const [name, run] of Object.entries(BENCHMARKS)) {
  if (only !== undefined && only !== name) continue;
  console.log(`== ${name}`);
  await run();
}
