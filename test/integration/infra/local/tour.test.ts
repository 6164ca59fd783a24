import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative, sep } from "node:path";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { REPOSITORY_ROOT } from "../../../../infra/stack/resources/repository-root.ts";

/** Names of files and folders that a clone does not contain. */
const MADE = new Set([".git", ".local", ".cache", "node_modules", "dist", "cdk.out"]);

/**
 * The code blocks of the README's section, by the words that follow their language, or else by the
 * language.
 */
async function tour(): Promise<ReadonlyMap<string, string>> {
  const readme = await readFile(join(REPOSITORY_ROOT, "README.md"), "utf8");
  const [, rest = ""] = readme.split("\n## Your own rows in your own handler\n");
  const [part = ""] = rest.split("\n## ");
  const blocks = part.matchAll(/^```(\w+) ?(\S*)\n(.*?)^```$/gms);
  return new Map(
    Array.from(blocks, ([, language = "", name = "", text = ""]) => [name || language, text]),
  );
}

test("the README's commands lead from a clone to rows of one's own in a handler of one's own", async () => {
  const blocks = await tour();
  const directory = await mkdtemp(join(tmpdir(), "binlog-router-tour-"));
  const checkout = join(directory, "binlog-router");
  await cp(REPOSITORY_ROOT, checkout, {
    recursive: true,
    filter: (path) =>
      !relative(REPOSITORY_ROOT, path)
        .split(sep)
        .some((name) => MADE.has(name)),
  });
  await symlink(join(REPOSITORY_ROOT, "node_modules"), join(checkout, "node_modules"));
  await mkdir(join(directory, "tour"));
  for (const name of ["router.json", "schema.sql", "handler.mjs"])
    await writeFile(join(directory, "tour", name), blocks.get(name) ?? "");
  const shell = spawn("bash", ["-ec", `${blocks.get("sh")}\nwait`], {
    cwd: checkout,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = once(shell, "close");
  const printed: string[] = [];
  const problems: string[] = [];
  createInterface(shell.stderr).on("line", (line) => problems.push(line));
  try {
    const lines = createInterface(shell.stdout);
    for await (const line of lines) {
      printed.push(line);
      if (line.startsWith("c ")) break;
    }
    expect([...printed, ...problems].join("\n")).toContain(blocks.get("text")?.trim());
    expect(printed.filter((line) => line.startsWith("c "))).toHaveLength(1);
  } finally {
    process.kill(-(shell.pid ?? 0), "SIGTERM");
    await ended;
    await rm(directory, { recursive: true, force: true });
  }
});
