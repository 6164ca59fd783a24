import { execFile } from "node:child_process";
import { access, mkdtemp, rename, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { debianMirrors } from "../../infra/local/mysql/apt-sources.ts";
import { cacheDirectory } from "../../infra/local/mysql/cache-directory.ts";
import { downloadPackages, machineSources } from "../../infra/local/mysql/private-apt.ts";
import type { Progress } from "../../infra/local/mysql/progress.ts";

const PACKAGE = "mysql-testsuite";
const DEFAULT_MIRROR = "http://deb.debian.org/debian";

/**
 * The folder with MySQL's tests (`t/`, `suite/`, `bin/mysqltest`). On first use it downloads
 * Debian's package (340 MB) and unpacks it (800 MB) into the cache.
 */
export async function downloadSuite(version: string, progress: Progress): Promise<string> {
  const cache = cacheDirectory();
  const root = join(cache, `mysql-testsuite-${version}`);
  const tests = join(root, "usr/lib/mysql-test");
  if (await exists(join(tests, "bin/mysqltest"))) return tests;
  const work = await mkdtemp(join(cache, "mysql-testsuite-partial-"));
  try {
    const [mirror = DEFAULT_MIRROR] = debianMirrors(await machineSources());
    const packages = await downloadPackages(
      [PACKAGE],
      { directory: work, mirror, suite: "sid" },
      progress,
    );
    const found = packages.find((path) => basename(path).startsWith(`${PACKAGE}_`));
    if (found === undefined) throw new Error(`Debian's archive gave no ${PACKAGE}`);
    progress.step("unpacking");
    const tree = join(work, "root");
    await promisify(execFile)("dpkg", ["-x", found, tree]);
    await rm(root, { recursive: true, force: true });
    await rename(tree, root);
  } finally {
    await rm(work, { recursive: true, force: true });
    progress.end();
  }
  return tests;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
