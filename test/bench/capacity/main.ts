import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Command } from "commander";
import { REPOSITORY_ROOT } from "../../../infra/stack/resources/repository-root.ts";
import { measurementSchema } from "./measurement.ts";
import { withTables } from "../tables.ts";
import { capacityTables, DEPLOYMENT } from "./document.ts";

const DOCUMENT = join(REPOSITORY_ROOT, "docs/capacity.md");

const options = new Command("capacity")
  .description("The monthly cost by service, computed from measured requests per change.")
  .option("--measured <file>", "what was measured, as JSON", "docs/capacity-measured.json")
  .option("--environments <number>", "environments", Number, DEPLOYMENT.environments)
  .option("--subscribers <number>", "subscribers to every change", Number, DEPLOYMENT.subscribers)
  .option("--write", "put the tables into docs/capacity.md instead of printing them")
  .parse()
  .opts<{ measured: string; environments: number; subscribers: number; write?: true }>();

const measurement = measurementSchema.parse(JSON.parse(await readFile(options.measured, "utf8")));
const { environments, subscribers } = options;
const deployment = { ...DEPLOYMENT, environments, subscribers };
const tables = capacityTables(measurement, deployment);
if (options.write === true) {
  await writeFile(DOCUMENT, withTables(await readFile(DOCUMENT, "utf8"), tables));
} else {
  process.stdout.write(`${Object.values(tables).join("\n\n")}\n`);
}
