import { execFile } from "node:child_process";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setInterval as every } from "node:timers/promises";
import { promisify } from "node:util";
import type { Progress } from "./progress.ts";

const run = promisify(execFile);

const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

// Needed by the packages' scripts, but not by the programs. apt does not download it (10 MB) when
// the package state lists it as installed.
const ASSUMED_INSTALLED = ["perl"];

export interface PrivateAptOptions {
  /** An empty directory for apt's lists and archives. */
  readonly directory: string;
  /** A Debian mirror's address. */
  readonly mirror: string;
  readonly suite: string;
  readonly signal?: AbortSignal;
}

/**
 * Downloads packages and their dependencies into `<directory>/cache/archives`. It neither changes
 * this machine's package state nor needs privileges. Signatures are checked against Debian's
 * archive keyring. Returns the paths of the .deb files. Throws an error with apt's messages when it
 * fails.
 */
export async function downloadPackages(
  packages: readonly string[],
  options: PrivateAptOptions,
  progress: Progress,
): Promise<string[]> {
  const { directory } = options;
  const archives = join(directory, "cache/archives");
  await mkdir(join(directory, "lists/partial"), { recursive: true });
  await mkdir(join(archives, "partial"), { recursive: true });
  const architecture = (await run("dpkg", ["--print-architecture"])).stdout.trim();
  await writeFile(join(directory, "status"), packageState(architecture));
  await writeFile(
    join(directory, "sources.list"),
    `deb [signed-by=${KEYRING}] ${options.mirror} ${options.suite} main\n`,
  );
  const acquire = acquireSettings((await run("apt-config", ["dump"])).stdout);
  // Only the owner may read it: the address of the machine's proxy may contain a password.
  await writeFile(join(directory, "apt.conf"), configuration(directory, acquire), { mode: 0o600 });

  const apt = (args: readonly string[]) =>
    run("apt-get", [...args], {
      env: { ...process.env, LC_ALL: "C.UTF-8", APT_CONFIG: join(directory, "apt.conf") },
      maxBuffer: 64 * 1024 * 1024,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    }).catch((error: unknown) => {
      throw aptError(error);
    });

  progress.step(`reading Debian's package lists (${options.suite}, ${options.mirror})`);
  await apt(["update", "--quiet", "--error-on=any"]);

  const install = ["install", "--yes", "--no-install-recommends", ...packages];
  const total = downloadSize((await apt(["--quiet=2", "--print-uris", ...install])).stdout);
  progress.step(`downloading ${packages.join(" and ")}`);
  await whileCounting(
    async () => progress.bytes(await sizeOfFiles(archives), total),
    apt(["--quiet", "--download-only", ...install]),
  );
  const files = await readdir(archives);
  return files.filter((file) => file.endsWith(".deb")).map((file) => join(archives, file));
}

/**
 * The sum of the sizes in the output of `apt-get --print-uris`, bytes; its lines are `'URI' file
 * size hash`.
 */
export function downloadSize(uris: string): number {
  return [...uris.matchAll(/^'\S+' \S+ (\d+)/gm)].reduce((sum, [, size]) => sum + Number(size), 0);
}

/**
 * The lines of `apt-config dump` about access to package archives: proxies, certificates, time
 * limits, whether a mirror may lag. Index settings and hooks are left out.
 */
export function acquireSettings(dump: string): string {
  return dump
    .split("\n")
    .filter((line) => /^Acquire::(?!IndexTargets|Languages)/i.test(line))
    .join("\n");
}

function configuration(directory: string, acquire: string): string {
  return `
${acquire}
Dir::Etc::main "/dev/null";
Dir::Etc::parts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::Etc::sourcelist "${directory}/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::State "${directory}";
Dir::State::lists "${directory}/lists";
Dir::State::status "${directory}/status";
Dir::Cache "${directory}/cache";
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::Retries "3";
Acquire::AllowInsecureRepositories "false";
Acquire::AllowWeakRepositories "false";
`;
}

function packageState(architecture: string): string {
  return ASSUMED_INSTALLED.map(
    (name) => `Package: ${name}
Status: install ok installed
Maintainer: none
Architecture: ${architecture}
Multi-Arch: allowed
Version: 99

`,
  ).join("");
}

async function whileCounting(count: () => Promise<void>, work: Promise<unknown>): Promise<void> {
  const over = new AbortController();
  const counting = (async () => {
    for await (const _ of every(200, undefined, { signal: over.signal })) await count();
  })().catch((error: unknown) => {
    if (!over.signal.aborted) throw error;
  });
  try {
    await work;
  } finally {
    over.abort();
    await counting;
  }
  await count();
}

/** Bytes in a folder and its subfolders; files may appear and disappear meanwhile. */
async function sizeOfFiles(folder: string): Promise<number> {
  const sizes = (await readdir(folder, { recursive: true })).map(async (file) => {
    try {
      const found = await stat(join(folder, file));
      return found.isFile() ? found.size : 0;
    } catch {
      return 0;
    }
  });
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

function aptError(error: unknown): unknown {
  if (!(error instanceof Error) || !("stderr" in error)) return error;
  const lines = String(error.stderr)
    .split("\n")
    .filter((line) => line.startsWith("E:"));
  return new Error(lines.length === 0 ? error.message : lines.join(" "), { cause: error });
}

/** The texts of this machine's lists of package sources. */
export async function machineSources(etc = "/etc/apt"): Promise<string[]> {
  const parts = await readdir(join(etc, "sources.list.d")).catch(() => []);
  const paths = [
    join(etc, "sources.list"),
    ...parts
      .filter((part) => /\.(list|sources)$/.test(part))
      .map((part) => join(etc, "sources.list.d", part)),
  ];
  return Promise.all(paths.map((path) => readFile(path, "utf8").catch(() => "")));
}
