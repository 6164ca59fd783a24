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
 * The folder for PYTHONPATH with what examples/consumer.py imports; null when it is not there
 * because this machine has no Python or no pip.
 */
export async function pythonModules(): Promise<string | null> {
  const folder = await modulesFolder();
  return existsSync(folder) ? folder : null;
}

/**
 * Has the Python example's modules at hand before the first test starts, out of the cache directory
 * or by pip. Where that fails the example is not tested, and this says so; in CI (the variable
 * `CI`) its test fails.
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

/** Named after what is in it, so that another version gets a folder of its own. */
async function modulesFolder(): Promise<string> {
  const requirements = (await readFile(REQUIREMENTS, "utf8")).trim().split("\n");
  return join(cacheDirectory(), `python-${requirements.join("-").replaceAll("==", "-")}`);
}

/** The folder gets its name when it is complete and was seen to work. */
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

/** From Debian's packages, in CI only: tests change no machine of a person. */
async function installPip(): Promise<void> {
  if (process.env["CI"] === undefined || process.getuid?.() !== 0) {
    throw new Error("python3 with pip is not installed (Debian: python3-pip)");
  }
  await run("apt-get", ["update"]);
  await run("apt-get", ["install", "--yes", "--no-install-recommends", "python3-pip"]);
}
