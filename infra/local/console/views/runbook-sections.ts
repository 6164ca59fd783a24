import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { REPOSITORY_ROOT } from "../../../stack/resources/repository-root.ts";

/** The runbook's Markdown text by heading. */
export async function runbookSections(): Promise<ReadonlyMap<string, string>> {
  const page = await readFile(join(REPOSITORY_ROOT, "docs/runbook.md"), "utf8");
  const [, ...sections] = page.split(/^## /m);
  return new Map(
    sections.map((section) => {
      const end = section.indexOf("\n");
      return [section.slice(0, end).trim(), section.slice(end + 1).trim()];
    }),
  );
}
