import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { cacheDirectory } from "../../infra/local/mysql/cache-directory.ts";
import { withFileLock } from "../../infra/local/mysql/file-lock.ts";

const run = promisify(execFile);

const REQUIREMENTS = join(import.meta.dirname, "../../examples/requirements.txt");

/**
 * The folder for PYTHONPATH with the modules that examples/consumer.py imports; null when it was
 * not made because this machine has no Python or no pip.
 */
export async function pythonModules(): Promise<string | null> {
  const folder = await modulesFolder();
  return existsSync(folder) ? folder : null;
}

/**
 * Provides the Python example's modules before the first test, from the cache directory or by pip.
 * When that fails, it prints that the example is not tested; in CI (the variable `CI`) its test
 * fails.
 */
export async function setup(): Promise<void> {
  const folder = await modulesFolder();
  if (existsSync(folder)) return;
  try {
    await withFileLock(
      join(cacheDirectory(), "python.lock"),
      () => {},
      () => install(folder),
    );
  } catch (error) {
    console.warn(`examples/consumer.py cannot be tested: ${(error as Error).message}`);
  }
}

/** The folder's name contains the requirements, so that other versions use another folder. */
async function modulesFolder(): Promise<string> {
  const requirements = (await readFile(REQUIREMENTS, "utf8")).trim().split("\n");
  return join(cacheDirectory(), `python-${requirements.join("-").replaceAll("==", "-")}`);
}

/** Installs into a temporary folder, which gets its name once the modules have been imported. */
async function install(folder: string): Promise<void> {
  if (existsSync(folder)) return;
  if (!(await hasPip())) await installPip();
  const work = await mkdtemp(join(cacheDirectory(), "python-partial-"));
  try {
    await run("python3", ["-m", "pip", "install", "--target", work, "--requirement", REQUIREMENTS]);
    await run("python3", ["-c", "import boto3"], { env: { ...process.env, PYTHONPATH: work } });
    await rename(work, folder);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function hasPip(): Promise<boolean> {
  return run("python3", ["-m", "pip", "--version"]).then(
    () => true,
    () => false,
  );
}

/** Installs pip from Debian's packages, in CI only: tests do not change a person's machine. */
async function installPip(): Promise<void> {
  if (process.env["CI"] === undefined || process.getuid?.() !== 0) {
    throw new Error("python3 with pip is not installed (Debian: python3-pip)");
  }
  await run("apt-get", ["update"]);
  await run("apt-get", ["install", "--yes", "--no-install-recommends", "python3-pip"]);
}
