import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { glob, mkdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { cacheDirectory } from "../../../infra/local/mysql/cache-directory.ts";

const run = promisify(execFile);
const SOURCES = import.meta.dirname;

/** A peer cannot be built on this machine; the message says what is missing. */
export class MissingToolError extends Error {
  override readonly name = "MissingToolError";
}

/** Builds go-mysql's program if its sources are new; returns its path. Throws MissingToolError. */
export async function goMysqlProgram(signal: AbortSignal): Promise<string> {
  await expectTool("go", ["version"], "a Go toolchain (go on the PATH)");
  const directory = await built("go-mysql", ["go-mysql/*"], signal, async (target) => {
    await run("go", ["build", "-o", join(target, "peer"), "."], {
      cwd: join(SOURCES, "go-mysql"),
      signal,
    });
  });
  return join(directory, "peer");
}

/**
 * Builds a peer that runs in a JVM, with its libraries from Maven Central; returns its class path.
 * Throws MissingToolError.
 */
export async function javaClassPath(peer: string, signal: AbortSignal): Promise<string> {
  await expectTool("javac", ["-version"], "a JDK of 17 or later (javac on the PATH)");
  await expectTool("mvn", ["-version"], "Maven (mvn on the PATH)");
  const sources = [`java/${peer}/*`, "java/shared/*"];
  const directory = await built(peer, sources, signal, async (target) => {
    const libraries = join(target, "lib");
    await run(
      "mvn",
      [
        "--quiet",
        "--batch-mode",
        `--file=${join(SOURCES, "java", peer, "pom.xml")}`,
        "dependency:copy-dependencies",
        "-DincludeScope=runtime",
        `-DoutputDirectory=${libraries}`,
      ],
      { signal },
    );
    const files = await filesOf(sources.map((pattern) => `${pattern}.java`));
    await run(
      "javac",
      ["--release", "17", "-cp", `${libraries}/*`, "-d", join(target, "classes"), ...files],
      { signal },
    );
  });
  return [join(directory, "classes"), join(directory, "lib/*")].join(":");
}

/** The folder with the result of `build`, which runs once for the same sources. */
async function built(
  peer: string,
  sources: readonly string[],
  signal: AbortSignal,
  build: (target: string) => Promise<void>,
): Promise<string> {
  const hash = createHash("sha256");
  for (const file of await filesOf(sources)) hash.update(await readFile(file));
  const directory = join(cacheDirectory(), "peers", `${peer}-${hash.digest("hex").slice(0, 16)}`);
  if (existsSync(directory)) return directory;
  const unfinished = `${directory}.${process.pid}`;
  try {
    await mkdir(unfinished, { recursive: true });
    await build(unfinished);
    await rename(unfinished, directory);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  signal.throwIfAborted();
  return directory;
}

async function filesOf(patterns: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  for await (const file of glob(patterns, { cwd: SOURCES })) files.push(join(SOURCES, file));
  return files.sort((one, other) => (one < other ? -1 : 1));
}

async function expectTool(
  program: string,
  version: readonly string[],
  name: string,
): Promise<void> {
  try {
    await run(program, version);
  } catch (cause) {
    throw new MissingToolError(`it needs ${name}`, { cause });
  }
}
