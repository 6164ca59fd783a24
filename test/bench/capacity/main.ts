import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Command } from "commander";
import { REPOSITORY_ROOT } from "../../../infra/stack/resources/repository-root.ts";
import { measurementSchema } from "./measurement.ts";
import { PRICES } from "./prices.ts";
import { costTable, delayTable } from "./table.ts";

const DOCUMENT = join(REPOSITORY_ROOT, "docs/capacity.md");

const options = new Command("capacity")
  .description("The monthly cost by service, computed from measured requests per change.")
  .option("--measured <file>", "what was measured, as JSON", "docs/capacity-measured.json")
  .option("--environments <number>", "environments", Number, 4)
  .option("--subscribers <number>", "subscribers to every change", Number, 2)
  .option("--write", "put the tables into docs/capacity.md instead of printing them")
  .parse()
  .opts<{ measured: string; environments: number; subscribers: number; write?: true }>();

const measurement = measurementSchema.parse(JSON.parse(await readFile(options.measured, "utf8")));
const { environments, subscribers } = options;
const deployment = { environments, subscribers, taskVcpu: 0.5, taskGb: 1, functionGb: 1 };
const tables = {
  "cost table": costTable(measurement, deployment, PRICES),
  "delay table": delayTable(measurement, deployment, PRICES),
};
if (options.write === true) {
  let text = await readFile(DOCUMENT, "utf8");
  for (const [name, table] of Object.entries(tables)) text = replaced(text, name, table);
  await writeFile(DOCUMENT, text);
} else {
  process.stdout.write(`${Object.values(tables).join("\n\n")}\n`);
}

/** The text with a table between its marks. */
function replaced(text: string, name: string, table: string): string {
  const [begin, end] = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`];
  const [before = "", after = ""] = [text.split(begin)[0], text.split(end)[1]];
  return `${before}${begin}\n\n${table}\n\n${end}${after}`;
}
