import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Command } from "commander";
import { REPOSITORY_ROOT } from "../../../infra/stack/resources/repository-root.ts";
import { measurementSchema } from "./measurement.ts";
import { PRICES } from "./prices.ts";
import { costTable } from "./table.ts";

const DOCUMENT = join(REPOSITORY_ROOT, "docs/capacity.md");
const BEGIN = "<!-- cost table: begin -->";
const END = "<!-- cost table: end -->";

const options = new Command("capacity")
  .description("The monthly cost by service, computed from measured requests per change.")
  .option("--measured <file>", "what was measured, as JSON", "docs/capacity-measured.json")
  .option("--environments <number>", "environments", Number, 4)
  .option("--subscribers <number>", "subscribers to every change", Number, 2)
  .option("--write", "put the table into docs/capacity.md instead of printing it")
  .parse()
  .opts<{ measured: string; environments: number; subscribers: number; write?: true }>();

const measurement = measurementSchema.parse(JSON.parse(await readFile(options.measured, "utf8")));
const { environments, subscribers } = options;
const deployment = { environments, subscribers, taskVcpu: 0.5, taskGb: 1, functionGb: 1 };
const table = costTable(measurement, deployment, PRICES);
if (options.write === true) {
  const text = await readFile(DOCUMENT, "utf8");
  const [before = "", after = ""] = [text.split(BEGIN)[0], text.split(END)[1]];
  await writeFile(DOCUMENT, `${before}${BEGIN}\n\n${table}\n\n${END}${after}`);
} else {
  process.stdout.write(`${table}\n`);
}
