import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { cp, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { cacheDirectory } from "./cache-directory.ts";
import { MysqlStartError } from "./errors.ts";
import type { MysqlPrograms } from "./find-mysql.ts";

/**
 * The options of every mysqld call, which must come first: no option files, and permission to run
 * as root when this process does.
 */
export function commonOptions(): string[] {
  return ["--no-defaults", ...(process.getuid?.() === 0 ? ["--user=root"] : [])];
}

/**
 * Fills a new directory with the data of a fresh server. It copies a template that is made once for
 * each server program, because initialising takes seconds and copying does not. Throws
 * MysqlStartError when the server cannot initialise one.
 */
export async function createDataDirectory(programs: MysqlPrograms, dataDir: string): Promise<void> {
  const cache = cacheDirectory();
  const key = createHash("sha256").update(programs.mysqld).digest("hex").slice(0, 8);
  const template = join(cache, `mysql-data-${programs.version}-${key}`);
  if (!(await exists(template))) await makeTemplate(programs, template);
  await cp(template, dataDir, { recursive: true, mode: constants.COPYFILE_FICLONE });
}

async function makeTemplate(programs: MysqlPrograms, template: string): Promise<void> {
  const work = await mkdtemp(`${template}-partial-`);
  try {
    const data = join(work, "data");
    await initialize(programs, data);
    // Without auto.cnf, each server makes its own uuid at its first start.
    await rm(join(data, "auto.cnf"), { force: true });
    await rename(data, template).catch(async (error: unknown) => {
      // Another process made the template first, and its template is the same.
      if (!(await exists(template))) throw error;
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function initialize(programs: MysqlPrograms, dataDir: string): Promise<void> {
  const options = [
    ...commonOptions(),
    "--initialize-insecure",
    `--datadir=${dataDir}`,
    "--skip-log-bin",
    "--mysqlx=OFF",
    "--loose-innodb-redo-log-capacity=8M",
  ];
  try {
    await promisify(execFile)(programs.mysqld, options, { maxBuffer: 16 * 1024 * 1024 });
  } catch (cause) {
    const text = cause instanceof Error && "stderr" in cause ? String(cause.stderr) : String(cause);
    const log = text.trimEnd().split("\n").slice(-20);
    throw new MysqlStartError("a data directory could not be initialised", log, { cause });
  }
}

async function exists(directory: string): Promise<boolean> {
  return (await readdir(directory).catch(() => [])).length > 0;
}
