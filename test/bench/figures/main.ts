import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { Command } from "commander";
import { REPOSITORY_ROOT } from "../../../infra/stack/resources/repository-root.ts";
import { PAGES } from "./pages.ts";
import { figuresOf, readRecord, RECORDS } from "./record.ts";

/** A benchmark that the recorded run must have. */
const NEEDED = { peers: "peers", bench: "deliver" } as const;

const options = new Command("npm run figures --")
  .description(
    `Records runs of npm run bench (${Object.values(RECORDS).join(", ")}), and writes their tables into ${Object.keys(PAGES).join(", ")}.`,
  )
  .option("--peers <file>", "the JSON of a run of npm run bench -- --only peers")
  .option("--bench <file>", "the JSON of a run of npm run bench")
  .allowExcessArguments(false)
  .parse()
  .opts<{ peers?: string; bench?: string }>();

const written: string[] = [];
for (const name of ["peers", "bench"] as const) {
  const file = options[name];
  if (file === undefined) continue;
  const record = await readRecord(file);
  if (figuresOf(record, NEEDED[name]).length === 0)
    throw new Error(`${file} has no figures of ${NEEDED[name]}`);
  await write(RECORDS[name], `${JSON.stringify(record, null, 2)}\n`);
}
for (const [page, withFigures] of Object.entries(PAGES)) {
  await write(page, await withFigures(await readFile(join(REPOSITORY_ROOT, page), "utf8")));
}
await promisify(execFile)("oxfmt", written, { cwd: REPOSITORY_ROOT });

async function write(file: string, text: string): Promise<void> {
  await writeFile(join(REPOSITORY_ROOT, file), text);
  written.push(file);
}
