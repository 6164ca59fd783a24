import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * The path of a test file in the unpacked suite. Accepts a name in t/ or a path like
 * suite/innodb/t/x.test.
 */
export function pathOf(tests: string, name: string): string {
  const file = name.endsWith(".test") ? name : `${name}.test`;
  return join(tests, file.includes("/") ? file : join("t", file));
}

/** Folders whose files run on any server. Other folders of their suites are left out. */
const FOLDERS = ["t", "engines/iuds", "engines/funcs", "json", "gcol"];

/**
 * The paths of the files that change tables and need no other server, start options or restart.
 * Returns every nth of them.
 */
export async function ordinaryFiles(tests: string, every: number): Promise<string[]> {
  const chosen: string[] = [];
  for (const folder of FOLDERS) {
    const path = folder === "t" ? join(tests, "t") : join(tests, "suite", folder, "t");
    const names = new Set(await readdir(path));
    for (const name of [...names].toSorted()) {
      if (name.endsWith(".test") && (await isOrdinary(path, name, names)))
        chosen.push(join(path, name));
    }
  }
  return chosen.filter((_, i) => i % every === 0);
}

async function isOrdinary(
  folder: string,
  name: string,
  names: ReadonlySet<string>,
): Promise<boolean> {
  const base = name.slice(0, -".test".length);
  if (["-master.opt", "-master.sh", ".cnf"].some((end) => names.has(base + end))) return false;
  const text = await readFile(join(folder, name), "latin1");
  return (
    /\b(insert|load data|create table)\b/i.test(text) &&
    !/restart_mysqld|kill_mysqld|shutdown|--exec |have_debug|big_test/i.test(text)
  );
}
