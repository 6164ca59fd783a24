import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { debianMirrors } from "./apt-sources.ts";
import { withFileLock } from "./file-lock.ts";
import { downloadPackages, machineSources } from "./private-apt.ts";
import type { Progress } from "./progress.ts";
import { wrapperScript } from "./wrapper-script.ts";

const run = promisify(execFile);

// Debian's stable releases have only MariaDB; MySQL is in the unstable one.
const SUITE = "sid";
const PACKAGES = ["mysql-server-core", "mysql-client-core"];
const DEFAULT_MIRROR = "http://deb.debian.org/debian";
/** The prefix of the folders of unfinished downloads. */
const REMAINS = "mysql-partial-";
const CLIENTS = ["mysql", "mysqlbinlog", "mysqladmin", "mysqldump"];

/** The programs that a download runs, besides the shell. */
export const NEEDED_PROGRAMS = ["apt-get", "dpkg", "flock"];

export interface DownloadMysqlOptions<Programs> {
  /** The cache directory; the programs end up in its folder `mysql`. */
  readonly directory: string;
  readonly progress: Progress;
  readonly signal?: AbortSignal;
  /** Those of NEEDED_PROGRAMS that this machine does not have. */
  readonly lacking: readonly string[];
  /** Returns the programs that belong to a mysqld, or the reason why they cannot be used. */
  readonly examine: (mysqld: string) => Promise<Programs | string>;
}

/**
 * MySQL's programs from Debian's packages: those in the cache directory, or downloaded into it. One
 * process at a time downloads. It downloads into a temporary folder, which gets its final name when
 * the programs are complete and have run. Throws when that fails; then nothing is left in the
 * cache.
 */
export async function downloadMysql<Programs>(
  options: DownloadMysqlOptions<Programs>,
): Promise<Programs> {
  const { directory, progress, lacking, examine } = options;
  const root = join(directory, "mysql");
  const cached = await examine(join(root, "bin/mysqld"));
  if (typeof cached !== "string") return cached;
  if (lacking.length > 0) {
    throw new Error(`the download needs apt; this machine has no ${lacking.join(", no ")}`);
  }
  try {
    return await withFileLock(
      join(directory, "mysql.lock"),
      () => progress.step("waiting for another process that is downloading MySQL"),
      async () => {
        const others = await examine(join(root, "bin/mysqld"));
        if (typeof others !== "string") return others;
        await downloadInto(root, options);
        return sound(await examine(join(root, "bin/mysqld")));
      },
    );
  } finally {
    progress.end();
  }
}

async function downloadInto(root: string, options: DownloadMysqlOptions<unknown>): Promise<void> {
  await removeRemains(options.directory);
  const work = await mkdtemp(join(options.directory, REMAINS));
  try {
    const packages = await downloadFromMirrors(work, options);
    options.progress.step("unpacking");
    const tree = join(work, "root");
    await unpack(packages, tree, options.signal);
    await writeWrappers(tree);
    sound(await options.examine(join(tree, "bin/mysqld")));
    await rm(root, { recursive: true, force: true });
    await rename(tree, root);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

function sound<Programs>(examined: Programs | string): Programs {
  if (typeof examined === "string") throw new Error(examined);
  return examined;
}

/** Removes the folders of killed downloads. The caller must hold the lock. */
async function removeRemains(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (name.startsWith(REMAINS))
      await rm(join(directory, name), { recursive: true, maxRetries: 5 });
  }
}

async function downloadFromMirrors(
  work: string,
  { progress, signal }: Pick<DownloadMysqlOptions<unknown>, "progress" | "signal">,
): Promise<string[]> {
  const mirrors = new Set([...debianMirrors(await machineSources()), DEFAULT_MIRROR]);
  const failures: unknown[] = [];
  for (const [number, mirror] of [...mirrors].entries()) {
    const directory = join(work, `apt-${number}`);
    await mkdir(directory);
    const options = {
      directory,
      mirror,
      suite: SUITE,
      ...(signal === undefined ? {} : { signal }),
    };
    try {
      return await downloadPackages(PACKAGES, options, progress);
    } catch (error) {
      signal?.throwIfAborted();
      failures.push(error);
    }
  }
  throw failures.length === 1
    ? failures[0]
    : new AggregateError(failures, failures.map(String).join("; "));
}

async function unpack(
  packages: readonly string[],
  tree: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  await mkdir(tree);
  for (const file of packages) {
    await run("dpkg", ["-x", file, tree], signal === undefined ? {} : { signal });
  }
  for (const folder of ["doc", "man", "locale"]) {
    await rm(join(tree, "usr/share", folder), { recursive: true, force: true });
  }
}

async function writeWrappers(tree: string): Promise<void> {
  const found = (await readdir(join(tree, "usr/lib"), { recursive: true })).find((path) =>
    /^[^/]+-linux-gnu\/ld-linux-[^/]+$/.test(path),
  );
  if (found === undefined) throw new Error("the packages hold no loader (ld-linux)");
  const loader = `usr/lib/${found}`;
  const libraries = loader.slice(0, loader.lastIndexOf("/"));
  const scripts = new Map(
    CLIENTS.map((name) => [name, wrapperScript(loader, libraries, `usr/bin/${name}`)]),
  );
  scripts.set(
    "mysqld",
    wrapperScript(loader, libraries, "usr/sbin/mysqld", [
      "--basedir=$root/usr",
      "--lc-messages-dir=$root/usr/share/mysql",
      "--character-sets-dir=$root/usr/share/mysql/charsets",
      "--plugin-dir=$root/usr/lib/mysql/plugin",
    ]),
  );
  await mkdir(join(tree, "bin"));
  for (const [name, script] of scripts) {
    const path = join(tree, "bin", name);
    await writeFile(path, script);
    await chmod(path, 0o755);
  }
}
